"""Learned binary codes of the training photographs: their similarity, balanced, and discrete coordinate descent."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitscape.supervision.supervision import Supervision

Floats = NDArray[np.float32]
BLOCK = 512  # rows of the similarity that are built at a time


def signed_similarity(targets: Floats, share: float, balanced: bool) -> Floats:
    """S = 2 t - 1 of similarities t in [0, 1], or the balanced S~ = (t - p) / (1 - p), which adds up to 0.

    With hard targets positives stay 1 and negatives become -p / (1 - p), the number of positives to that of negatives.
    It is the same as the S (1 + r) - r, r = sum(S) / sum(1 - S), of ADSH's official code and all that followed; it is
    not remembered of the paper.

    Args:
        targets: (m, n), or any rows of it, from `Supervision.targets`.
        share: p, the mean of all m n targets.
        balanced: which of the two; where all are alike (p = 1) there is nothing to balance.

    Returns:
        Values of the shape and type of `targets`.
    """
    if balanced and share < 1:
        return (targets - share) / (1 - share)
    return 2 * targets - 1


def improve_codes(codes: NDArray[np.int8], relaxed: Floats, pull: NDArray[np.float64]) -> NDArray[np.int8]:
    """One sweep of discrete cyclic coordinate descent over the bits of V (2.5, the V-step).

    It lessens |U V' - q S|^2 + g |U - V of the same photographs|^2 over V in {-1, +1}, one column at a time, each the
    exact minimum with the others as they are then (Gauss-Seidel). Where both values of a bit cost the same it stays.

    Args:
        codes: (n, q) V.
        relaxed: (m, q) U, the outputs of the network for the m sampled photographs.
        pull: (n, q) q S' U, plus g U in the rows of the m photographs if g is not 0.

    Returns:
        (n, q) the better codes; `codes` is left as it is.
    """
    improved = codes.astype(np.float64)
    gram = relaxed.T.astype(np.float64) @ relaxed
    for bit in range(codes.shape[1]):
        others = gram[:, bit].copy()
        others[bit] = 0
        wanted = pull[:, bit] - improved @ others
        improved[:, bit] = np.where(wanted == 0, improved[:, bit], np.sign(wanted))
    return improved.astype(np.int8)


class LearnedCodes:
    """Binary codes V of the labelled training photographs, learned in rounds, each from a sample of them.

    Args:
        supervision: of the training photographs; those without label have no codes here.
        bits: q.
        seed: of the first codes, random signs (a proposal: the re-implementations start from Gaussian noise).
        balanced: whether the similarity is balanced, over the sample and all labelled photographs.

    Attributes:
        V: (n, q) int8 of the labelled photographs.
        U: (m, q) float32, outputs of the network for the sample, as the method last saw them.
        sample: (m,) rows of V.
    """

    def __init__(self, supervision: Supervision, bits: int, seed: int, balanced: bool) -> None:
        self.supervision, self.balanced, self.labelled = supervision, balanced, supervision.labelled
        signs = np.array([-1, 1], dtype=np.int8)
        self.V: NDArray[np.int8] = np.random.default_rng(seed).choice(signs, (len(self.labelled), bits))
        self.sample: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self.U: NDArray[np.float32] = np.empty((0, bits), dtype=np.float32)
        self.share = 0.0

    def draw(self, samples: int, rng: np.random.Generator) -> None:
        """Begin a round: draw so many photographs without replacement, or all if there are fewer."""
        self.sample = rng.permutation(len(self.labelled))[:samples]
        self.U = np.zeros((len(self.sample), self.V.shape[1]), dtype=np.float32)
        sums = [self._targets(places).sum(dtype=np.float64) for places in self._blocks()]
        self.share = float(sum(sums) / (len(self.sample) * len(self.V)))

    def similarity(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        """Give rows of S, (b, n) float32, for `places` (b,) in the sample."""
        return signed_similarity(self._targets(places), self.share, self.balanced)

    def own(self, places: NDArray[np.int64]) -> NDArray[np.int8]:
        """Give the present codes, (b, q), of `places` (b,) in the sample."""
        return self.V[self.sample[places]]

    def improve(self, quantisation: float) -> float:
        """Do the V-step with the present U; give the share of bits that it changed."""
        bits = self.V.shape[1]
        pull = np.zeros(self.V.shape)
        for places in self._blocks():
            pull += bits * (self.similarity(places).T @ self.U[places])
        pull[self.sample] += quantisation * self.U
        before, self.V = self.V, improve_codes(self.V, self.U, pull)
        return float((before != self.V).mean())

    def complete(self, outputs: Callable[[], NDArray[np.float32]]) -> NDArray[np.int8]:
        """Give codes of all training photographs, (N, q): V, and for those without label the signs of `outputs()`."""
        if len(self.labelled) == len(self.supervision.rows):
            return self.V.copy()
        codes = np.where(outputs() >= 0, 1, -1).astype(np.int8)
        codes[self.labelled] = self.V
        return codes

    def _blocks(self) -> list[NDArray[np.int64]]:
        """Cut the sample, so that S is never whole in memory."""
        return np.array_split(np.arange(len(self.sample)), -(-len(self.sample) // BLOCK))

    def _targets(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        return self.supervision.targets(self.labelled[self.sample[places]], self.labelled)

    def state(self) -> dict[str, NDArray[Any]]:
        """Give all that the next epoch depends on."""
        return {"V": self.V, "U": self.U, "sample": self.sample, "share": np.array([self.share])}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Take back what `state` gave."""
        self.V, self.U, self.sample = state["V"], state["U"], state["sample"]
        self.share = float(state["share"][0])
