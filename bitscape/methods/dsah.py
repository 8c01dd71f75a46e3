"""DSAH: deep self-adaptive hashing, from neighbourhoods that adapt to the codes."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer

from bitscape.core.errors import CannotTrain
from bitscape.methods.base.learned import Learned, Outputs, Supervision
from bitscape.networks.heads import TanhPair
from bitscape.networks.optimisers import TensorFlowAdam
from bitscape.networks.pooling import unit_length
from bitscape.supervision.neighbourhood import discover_neighbours


@dataclass(frozen=True)
class Block:
    """A mini-batch and its part of the similarity, (b, b) of -1 and +1."""

    images: NDArray[np.int64]
    similarity: Tensor


def information_content(cosines: Tensor, tau: float) -> Tensor:
    """PIC weights a_ij = -log p_ij, p the softmax of s / tau over all b^2 pairs (A.6; the authors' code).

    Args:
        cosines: (b, b) cosines s_ij of the codes.
        tau: temperature.

    Returns:
        (b, b); the less alike a pair, the larger. Gradients pass, as in the authors' code.
    """
    return -torch.log_softmax((cosines / tau).flatten(), dim=0).view_as(cosines)


class DSAH(Learned):
    """Deep self-adaptive hashing (Lin et al., CIKM 2021), after the authors' released code.

    L = alpha mean a_ij (s_ij - w_ij)^2 + beta mean (B - Hn)^2 with s the cosines of the tanh outputs, w the
    neighbourhood similarity in {-1, +1}, a the pairwise information content, B = sign(h) of a separate pass in
    evaluation mode, and Hn the outputs at unit length (as in the code; the paper's formula is unknown). After each
    round but the last, pairs whose inner product reaches the mean of the present neighbours (+ gamma deviations) become
    neighbours. Which rule built the first similarity of the experiments is not known (see `build_similarity`).

    On the frozen shared backbone these are this project's choices, not the authors': GeM-pooled features at unit
    length, centred by the training mean, in place of VGG-19's fc7, one dropout in place of two, the first similarity
    from the same unit features, the optimiser's values in `params.yaml`, and the epoch chosen on `query_val`, where the
    authors keep the last.
    """

    needs = frozenset({"similarity"})

    @property
    def epochs(self) -> int:
        """How many epochs there are in all rounds."""
        return int(self.settings.rounds * self.settings.epochs)

    def network(self, dimensions: int) -> TanhPair:
        """The published head."""
        return TanhPair(dimensions, self.bits, self.settings.width, self.settings.deviation, self.settings.dropout)

    def start(self, network: TanhPair, supervision: Supervision, features: NDArray[np.float32]) -> None:
        """Take the neighbourhood similarity and the centre of the features."""
        self.similarity = supervision.similarity
        if len(supervision.rows) < 2:
            raise CannotTrain("dsah compares pairs of training photographs and there are fewer than two.")
        network.centre.copy_(torch.from_numpy(features.mean(axis=0)))

    def optimiser(self, network: nn.Module) -> Optimizer:
        """TensorFlow's Adam, its rate falling by stairs."""
        chosen = self.settings
        return TensorFlowAdam(
            network.parameters(), chosen.learning_rate, chosen.adam_epsilon, chosen.decay, chosen.decay_steps
        )

    def batches(self, epoch: int, outputs: Outputs, rng: np.random.Generator) -> Iterator[Block]:
        """Shuffle into full batches; the last, partial one is dropped, unless it is the only one."""
        order = rng.permutation(self.similarity.shape[0])
        size = min(self.settings.batch_size, len(order))
        for start in range(0, len(order) - size + 1, size):
            images = order[start : start + size]
            neighbours = self.similarity[images][:, images].toarray()
            yield Block(images, torch.from_numpy(np.where(neighbours > 0, 1.0, -1.0).astype(np.float32)))

    def loss(self, network: nn.Module, features: Tensor, batch: Block) -> dict[str, Tensor]:
        """Weighted similarity and quantisation terms."""
        with torch.no_grad():
            network.eval()
            signs = torch.where(network(features) >= 0, 1.0, -1.0)
            network.train()
        unit = unit_length(network(features))
        cosines = unit @ unit.T
        weights = information_content(cosines, self.settings.tau) if self.settings.pic else torch.ones_like(cosines)
        gaps = (cosines - batch.similarity.to(features.device)).square()
        return {
            "similarity": self.settings.alpha * (weights * gaps).mean(),
            "quantisation": self.settings.beta * (signs - unit).square().mean(),
        }

    def end_epoch(self, epoch: int, outputs: Outputs) -> dict[str, float]:
        """After each round but the last, let close pairs become neighbours; give the share of neighbours."""
        if epoch % self.settings.epochs == 0 and epoch < self.epochs:
            self.similarity = discover_neighbours(self.similarity, outputs(), self.settings.gamma)
        return {"neighbour_share": self.similarity.nnz / self.similarity.shape[0] ** 2}
