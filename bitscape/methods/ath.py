"""ATH: attention-based triplet hashing, from random triplets and classes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cosine_similarity, cross_entropy
from torch.optim import Adam, Optimizer

from bitscape.core.errors import BitscapeError, CannotTrain
from bitscape.methods.base.learned import Learned, Outputs
from bitscape.networks.attended import AttendedEncoder
from bitscape.networks.chosen import Readable
from bitscape.networks.embedding_losses import circle, focal, pairwise, triplet
from bitscape.networks.published.athnet import ATHNet
from bitscape.networks.twin import TwinEncoder
from bitscape.supervision.supervision import Supervision
from bitscape.supervision.triplets import balance_queries, draw_triplets


@dataclass(frozen=True)
class Thirds:
    """Triplets of a batch: `images` are all queries, then their positives, then their negatives."""

    images: NDArray[np.int64]


class ATH(Learned):
    """Deep triplet hashing (Fang et al., Medical Image Analysis 2021), after the authors' released code.

    L = mean max(0, m - D(q, n) + D(q, p)) + CE(q) + CE(p) + CE(n), m = 0.5 bits and D the mean squared difference of
    outputs, which have no activation; no term pulls them to -1 and +1. The paper's own formula of D and its tables are
    **unknown**. Each photograph is the query of one triplet, drawn once. Photographs of several labels have them as
    soft targets, the project's extension.

    On the shared backbone the head (`AttendedEncoder`), one forward pass of all three thirds and new triplets in each
    epoch are this project's choices. The authors rank by real-valued distances and keep the epoch of lowest training
    loss; here signs are ranked, though no term moves outputs towards a sign, and the epoch is chosen on `query_val`.
    """

    published_rate = False

    def network(self, channels: int, classes: int) -> TwinEncoder:
        """The published network, or its attention and one residual block on the shared maps."""
        chosen = self.settings
        if chosen.network == "paper":
            return ATHNet(self.bits, classes, chosen.image_size, chosen.attention, chosen.max_pool, chosen.normalise)
        return AttendedEncoder(
            channels, chosen.kept, chosen.width, self.bits, classes, chosen.attention, chosen.max_pool
        )

    def start(self, network: TwinEncoder, supervision: Supervision, features: Readable) -> None:
        """Take labels and classes, and draw the first triplets."""
        supervision.require_classes("ath", 1 if supervision.source == "geometry-graded" else 2)
        self.supervision = supervision
        classes = supervision.labels.shape[1]
        self.alpha = torch.tensor(self.settings.focal_alpha or [1.0] * classes)
        if len(self.alpha) != classes:
            raise BitscapeError(
                f"train.methods.ath.focal_alpha has {len(self.alpha)} numbers, and there are {classes} "
                "classes among the training photographs; leave it empty, or give one for each."
            )
        first = np.random.default_rng(self.seed)
        self.queries = draw_triplets(supervision, supervision.labelled, first)[:, 0]
        if not len(self.queries):
            raise CannotTrain(
                "ath learns from triplets, and no labelled training photograph has one that shares a label with it and "
                "one that shares none; add photographs of the same labels, landmarks or places."
            )
        self.triplets = self._draw(first)

    def optimiser(self, groups: list[dict[str, Any]]) -> Optimizer:
        """Adam without weight decay (the authors: 1e-3)."""
        return Adam(groups, fused=True)  # half the time of a step's update on a CPU

    def batches(self, epoch: int, outputs: Outputs, rng: np.random.Generator) -> Iterator[Thirds]:
        """Shuffle the triplets into full batches; the last, partial one is dropped, unless it is the only one."""
        anew = self.settings.resample_each_epoch
        if anew == "auto":
            anew = self.settings.network == "shared"
        triplets = rng.permutation(self._draw(rng) if anew else self.triplets)
        size = min(self.settings.batch_size, len(triplets))
        for start in range(0, len(triplets) - size + 1, size):
            yield Thirds(triplets[start : start + size].T.ravel())

    def loss(self, network: Any, features: Tensor, batch: Thirds) -> dict[str, Tensor]:
        """The loss of the outputs, and that of the classes, summed over the thirds."""
        # From pixels each third passes alone, with batch statistics of its own, as coded.
        parts = features.chunk(3) if self.settings.network == "paper" else (features,)
        outputs, logits = (torch.cat(found) for found in zip(*map(network.both, parts), strict=True))
        terms = {}
        if self.settings.loss != "none":
            terms[self.settings.loss] = self._outputs_loss(*outputs.chunk(3))
        if self.settings.classification != "none":
            targets = torch.from_numpy(self.supervision.distributions(batch.images)).to(features.device)
            terms[self.settings.classification] = 3 * self._class_loss(logits, targets)  # the sum of three means
        return terms

    def end_epoch(self, epoch: int, outputs: Outputs) -> dict[str, float]:
        """Give the mean deviation of an output over the photographs, which is 0 where the network has collapsed."""
        return {"deviation": float(outputs().std(axis=0).mean())}

    def _draw(self, rng: np.random.Generator) -> NDArray[np.int64]:
        balanced = self.settings.class_balanced_queries
        queries = balance_queries(self.supervision, self.queries, rng) if balanced else self.queries
        return draw_triplets(self.supervision, queries, rng)

    def _outputs_loss(self, query: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        margin, distance = self.settings.margin_ratio * self.bits, self.settings.distance
        if self.settings.loss == "triplet":
            return triplet(query, positive, negative, margin, distance)
        if self.settings.loss == "circle":
            near, far = (cosine_similarity(query, other)[:, None] for other in (positive, negative))
            return circle(near, far)
        similar = torch.tensor([1.0, 0.0]).repeat_interleave(len(query)).to(query)
        return pairwise(query.repeat(2, 1), torch.cat([positive, negative]), similar, margin, distance)

    def _class_loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        if self.settings.classification == "ce":
            return cross_entropy(logits, targets)
        return focal(logits, targets, self.settings.focal_gamma, self.alpha.to(logits.device))
