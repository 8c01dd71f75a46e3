"""BCDH: binary constrained deep hashing, from pairs that 3D models give."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from bitscape.core.errors import CannotTrain
from bitscape.methods.base.learned import Learned, Outputs, Supervision
from bitscape.networks.whitening import learned_whitening
from bitscape.supervision.tuples import hardest_negatives


@dataclass(frozen=True)
class Pairs:
    """Pairs of one batch: `left` and `right` index into `images`, `similar` is 1 or 0."""

    images: NDArray[np.int64]
    left: Tensor
    right: Tensor
    similar: Tensor
    weight: float


def contrastive(left: Tensor, right: Tensor, similar: Tensor, margin: float) -> Tensor:
    """c_ij = 1/2 s |u - v|^2 + 1/2 (1 - s) max(0, margin - |u - v|)^2 of each pair (Radenovic et al.'s form).

    Args:
        left: (p, B) outputs.
        right: (p, B) outputs.
        similar: (p,) 1 for a similar pair, 0 for a dissimilar one.
        margin: distance from which dissimilar pairs cost nothing.

    Returns:
        (p,). At distance 0 the gradient of a dissimilar pair is 0, as in their MatConvNet code.
    """
    squared = (left - right).square().sum(dim=1)
    apart = squared > 0
    distance = torch.where(apart, squared, 1.0).sqrt() * apart
    return 0.5 * similar * squared + 0.5 * (1 - similar) * (margin - distance).clamp(min=0).square()


def quantisation(outputs: Tensor) -> Tensor:
    """1/2 |f - b|^2 of each row with b = sgn(f) held fixed (sgn 0 = 1), the B-step in every iteration."""
    codes = torch.where(outputs >= 0, 1.0, -1.0).detach()
    return 0.5 * (outputs - codes).square().sum(dim=1)


class BCDH(Learned):
    """A BCDH-style method (Do et al., WACV 2019), reading A of the specification.

    Only the abstract and the start of the introduction could be read; the paper's exact loss, algorithm and values are
    **unknown**. Reading A relaxes the binary constraint with auxiliary codes: the sum over pairs of
    c_ij(f_i, f_j) + lambda/2 (|f_i - b_i|^2 + |f_j - b_j|^2), b = sgn(f). Positives share 3D points; negatives are the
    hardest of other models (Radenovic et al.), mined anew in each epoch. Quantisation is counted once per pair, the
    literal reading. Proposals, not the paper's: GeM pooling, the hash layer's start (top rows of learned whitening,
    turned at random, outputs of unit deviation), the margin 0.85 sqrt(bits), the growing lambda, Adam, and the mean
    over pairs.
    """

    needs = frozenset({"pairs"})

    @property
    def epochs(self) -> int:
        """How many epochs there are in all."""
        return int(self.settings.epochs)

    def network(self, dimensions: int) -> nn.Linear:
        """One linear layer without activation."""
        return nn.Linear(dimensions, self.bits)

    def start(self, network: nn.Linear, supervision: Supervision, features: NDArray[np.float32]) -> None:
        """Take the pairs; start the hash layer from learned whitening."""
        pairs, self.models = supervision.pairs, supervision.models
        if len(pairs) == 0 or len(np.unique(self.models[self.models >= 0])) < 2:
            raise CannotTrain(
                "bcdh learns from photographs that share 3D points and from those of other 3D models; there are "
                f"{len(pairs)} positive pairs in {self.models.max(initial=-1) + 1} models, so add overlapping "
                "photographs of at least two places (see artifacts/reconstruct/registrations.json)."
            )
        self.queries, self.positives = pairs["query"].to_numpy(), pairs["positive"].to_numpy()
        mean, projection = learned_whitening(features.astype(np.float64), self.queries, self.positives)
        kept = projection[: self.bits]
        # Without the rotation the first bits would carry nearly all of the variance and the last only noise.
        rotation = nn.init.orthogonal_(torch.empty(self.bits, len(kept), dtype=torch.float64)).numpy()
        layer = rotation @ kept
        layer /= ((features - mean) @ layer.T).std()
        with torch.no_grad():
            network.weight.copy_(torch.from_numpy(layer))
            network.bias.copy_(torch.from_numpy(-layer @ mean))

    def optimiser(self, network: nn.Module) -> Optimizer:
        """Adam on the hash layer."""
        return Adam(network.parameters(), lr=self.settings.learning_rate)

    def batches(self, epoch: int, outputs: Outputs, rng: np.random.Generator) -> Iterator[Pairs]:
        """Draw random positive pairs, and for each query its hardest negatives under the current network."""
        drawn = rng.permutation(len(self.queries))[: self.settings.queries_per_epoch]
        queries, positives = self.queries[drawn], self.positives[drawn]
        negatives = hardest_negatives(outputs(), self.models, queries, self.settings.negatives)
        growth = self.settings.lambda_start * self.settings.lambda_growth ** (epoch - 1)
        weight = min(growth, self.settings.lambda_max)
        tuples = np.concatenate([queries[:, None], positives[:, None], negatives], axis=1)
        for start in range(0, len(tuples), self.settings.batch_size):
            block = tuples[start : start + self.settings.batch_size]
            of_tuple = torch.arange(block.size).reshape(block.shape)
            similar = torch.zeros(block.shape)
            similar[:, 1] = 1
            left = of_tuple[:, :1].expand(-1, block.shape[1] - 1)
            yield Pairs(block.ravel(), left.flatten(), of_tuple[:, 1:].flatten(), similar[:, 1:].flatten(), weight)

    def loss(self, network: nn.Module, features: Tensor, batch: Pairs) -> dict[str, Tensor]:
        """Contrastive and quantisation terms, mean over the pairs of the batch."""
        outputs = network(features)
        similar = batch.similar.to(outputs.device)
        margin = self.settings.margin * math.sqrt(self.bits)
        pairs = contrastive(outputs[batch.left], outputs[batch.right], similar, margin)
        gaps = quantisation(outputs)
        return {
            "contrastive": pairs.mean(),
            "quantisation": batch.weight * (gaps[batch.left] + gaps[batch.right]).mean(),
        }
