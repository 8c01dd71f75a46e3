"""DSAH: deep self-adaptive hashing, from neighbourhoods that adapt to the codes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor
from torch.optim import Optimizer

from bitscape.core.errors import CannotTrain
from bitscape.methods.base.learned import Learned, Outputs
from bitscape.networks.chosen import Readable
from bitscape.networks.described import computed
from bitscape.networks.encoder import Encoder
from bitscape.networks.heads import TanhPair
from bitscape.networks.optimisers import TensorFlowAdam
from bitscape.networks.pooling import unit_length
from bitscape.networks.published.vgg import VGG19, VGGTanhPair
from bitscape.supervision.discovery import discover_neighbours
from bitscape.supervision.neighbourhood import neighbourhood_similarity, neighbours_of
from bitscape.supervision.supervision import Supervision

PUBLISHED = {  # the authors' code (A.9), for `network: paper`
    "learning_rate": 1e-4,
    "decay": 0.99,
    "decay_steps": 200,
    "adam_epsilon": 1.0,
    "width": 1000,
    "deviation": 0.001,
    "dropout": 0.5,
}


@dataclass(frozen=True)
class Block:
    """A mini-batch and its part of the similarity, (b, b) of -1 and +1."""

    images: NDArray[np.int64]
    similarity: Tensor


def information_content(cosines: Tensor, tau: float, pic: str = "attached", normalise: bool = False) -> Tensor:
    """PIC weights a_ij = -log p_ij, p the softmax of s / tau over all b^2 pairs (A.6; the authors' code).

    The less alike a pair, the larger its weight; a is affine in s.

    Args:
        cosines: (b, b) cosines s_ij of the codes, b at least 2.
        tau: temperature.
        pic: `attached`, gradients pass through the weights as in the authors' code; `detached`, they do not (a variant
            of the specification); `reversed`, a_ij = -log(1 - p_ij), the authors' control; `off`, 1.
        normalise: divide by the mean weight of the batch, held constant, so that weighting is not mistaken for a
            larger learning rate (the specification's proposal; the authors do not).

    Returns:
        (b, b) weights.
    """
    if pic == "off":
        return torch.ones_like(cosines)
    logs = torch.log_softmax((cosines / tau).flatten(), dim=0).view_as(cosines)
    weights = -torch.log1p(-torch.exp(logs)) if pic == "reversed" else -logs
    if pic == "detached":
        weights = weights.detach()
    return weights / weights.mean().detach() if normalise else weights


class DSAH(Learned):
    """Deep self-adaptive hashing (Lin et al., CIKM 2021), after the authors' released code; it needs no labels.

    L = alpha mean a_ij (s_ij - w_ij)^2 + beta mean (B - Hn)^2 with s the cosines of the tanh outputs, w the
    neighbourhood similarity in {-1, +1}, a the pairwise information content, B = sign(h) of a separate pass in
    evaluation mode, and Hn the outputs at unit length (as in the code; the paper's formula is unknown). After each
    round but the last, pairs whose inner product reaches the mean of the present neighbours (+ gamma deviations) become
    neighbours. Which rule built the first similarity of the experiments is not known (see `build_similarity`).

    On the shared backbone these are this project's choices, not the authors': GeM-pooled features at unit length,
    centred by the training mean, in place of VGG-19's fc7, one dropout in place of two, the first similarity from the
    same unit features, and the optimiser's values in `params.yaml`. `network: paper` is the authors' VGG-19 with their
    values and the first similarity from its relu7. Both keep the best epoch on `query_val`, the authors the last.
    """

    def __init__(self, settings: Any, bits: int, seed: int) -> None:
        chosen = settings.model_copy(update=PUBLISHED) if settings.network == "paper" else settings
        super().__init__(chosen, bits, seed)

    @property
    def epochs(self) -> int:
        """How many epochs there are in all rounds."""
        return int(self.settings.rounds * self.settings.epochs)

    def network(self, channels: int, classes: int) -> Encoder:
        """The published head, on pooled features or on the published VGG-19."""
        chosen = self.settings
        if chosen.network == "paper":
            body = VGG19(chosen.weights, chosen.weights_read, chosen.dropout, "train.methods.dsah")
            return VGGTanhPair(self.bits, chosen.width, chosen.deviation, body)
        return TanhPair(channels, self.bits, chosen.width, chosen.deviation, chosen.dropout)

    def start(self, network: TanhPair | VGGTanhPair, supervision: Supervision, features: Readable) -> None:
        """Take the neighbourhood similarity and the centre of the features; the published network has its own W^0."""
        if supervision.similarity is None or len(supervision.rows) < 2:
            raise CannotTrain("dsah compares pairs of training photographs and there are fewer than two.")
        self.similarity = supervision.similarity
        if isinstance(network, VGGTanhPair):
            chosen, n = self.settings, len(features)
            k1, k2 = (neighbours_of(n, share) for share in (chosen.k1_share, chosen.k2_share))
            self.similarity = neighbourhood_similarity(
                computed(network, network.body, features), k1, k2, chosen.reading
            )
        else:
            network.centre.copy_(torch.from_numpy(computed(network, network.features, features).mean(axis=0)))
        if not self.similarity.diagonal().all():
            raise CannotTrain("dsah finds photographs that are not their own neighbours; run build_similarity again.")

    def optimiser(self, groups: list[dict[str, Any]]) -> Optimizer:
        """TensorFlow's Adam, its rate falling by stairs."""
        chosen = self.settings
        return TensorFlowAdam(groups, chosen.learning_rate, chosen.adam_epsilon, chosen.decay, chosen.decay_steps)

    def batches(self, epoch: int, outputs: Outputs, rng: np.random.Generator) -> Iterator[Block]:
        """Shuffle into full batches; the last, partial one is dropped, unless it is the only one."""
        order = rng.permutation(self.similarity.shape[0])
        size = min(self.settings.batch_size, len(order))
        for start in range(0, len(order) - size + 1, size):
            images = order[start : start + size]
            neighbours = self.similarity[images][:, images].toarray()
            yield Block(images, torch.from_numpy(np.where(neighbours > 0, 1.0, -1.0).astype(np.float32)))

    def loss(self, network: Any, features: Tensor, batch: Block) -> dict[str, Tensor]:
        """Weighted similarity and quantisation terms."""
        chosen = self.settings
        with torch.no_grad():
            network.eval()
            signs = torch.where(network(features) >= 0, 1.0, -1.0)
            network.train()
        outputs = network(features)
        unit = unit_length(outputs)
        cosines = unit @ unit.T
        weights = information_content(cosines, chosen.tau, chosen.pic, chosen.pic_normalise)
        gaps = (cosines - batch.similarity.to(features.device)).square()
        return {
            "similarity": chosen.alpha * (weights * gaps).mean(),
            "quantisation": chosen.beta * (signs - (unit if chosen.quant_normalised else outputs)).square().mean(),
        }

    def end_epoch(self, epoch: int, outputs: Outputs) -> dict[str, float]:
        """After each round but the last, let close pairs become neighbours; give the share of neighbours.

        A share far above 1 / (number of classes) tells that the neighbours avalanche (A.12); a larger gamma helps.
        """
        chosen = self.settings
        if chosen.adapt and epoch % chosen.epochs == 0 and epoch < self.epochs:
            self.similarity = discover_neighbours(self.similarity, outputs(), chosen.gamma, chosen.update_similarity)
        return {"neighbour_share": self.similarity.nnz / self.similarity.shape[0] ** 2}

    def state(self) -> dict[str, NDArray[Any]]:
        """Give where the similarity has its ones."""
        return {"indices": self.similarity.indices, "indptr": self.similarity.indptr}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Take back the similarity."""
        ones = np.ones(len(state["indices"]), dtype=np.int8)
        self.similarity = sparse.csr_array((ones, state["indices"], state["indptr"]), shape=self.similarity.shape)
