"""DSRH: deep semantic ranking hashing, from ranking lists of graded relevance."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import Optimizer

from bitscape.methods.base.learned import Learned, Outputs
from bitscape.networks.bypass import BypassHead
from bitscape.networks.chosen import Readable
from bitscape.networks.optimisers import HashStages
from bitscape.networks.published.alexnet import AlexNet
from bitscape.supervision.bursts import once
from bitscape.supervision.ranking_lists import draw_queries, draw_triplets, repetitions
from bitscape.supervision.sufficient import require_ranking
from bitscape.supervision.supervision import Supervision

MOMENTUM, DECAY = 0.9, 5e-4  # official configuration; the decay is multiplied by the rate, as torch's SGD does
STAGE = 0.1  # what the hash layer's rate is multiplied by in the second half, likewise
RHO_BITS = 64  # at which the official code has its margin


@dataclass(frozen=True)
class Towers:
    """Triplets of a batch: `images` are all t queries, then the more relevant, then the less; `weight` is (t,)."""

    images: NDArray[np.int64]
    weight: Tensor


def relax(outputs: Tensor) -> Tensor:
    """The relaxed code 2 sigmoid(z) - 1 of outputs z, in (-1, 1) (2.4)."""
    return torch.tanh(outputs / 2)


def hinges(query: Tensor, more: Tensor, less: Tensor, rho: float) -> Tensor:
    """[delta + rho]_+ of each triplet, delta = d(q, more) - d(q, less) = (q . less - q . more) / 2 (2.5).

    Args:
        query: (t, B) relaxed or binary codes.
        more: (t, B) of the more relevant.
        less: (t, B) of the less relevant.
        rho: margin, in Hamming distances.

    Returns:
        (t,).
    """
    return (0.5 * (query * (less - more)).sum(dim=1) + rho).clamp(min=0)


def imbalance(query: Tensor, weight: Tensor | None = None) -> Tensor:
    """1/2 |mean of the (t, B) queries' codes|^2 (2.5).

    With (t,) weights the value is the same, and the gradient of each query is multiplied by its weight, as the official
    code does (2.5.2); no formula has this.
    """
    mean = query.mean(dim=0)
    half = 0.5 * mean.square().sum()
    if weight is None:
        return half
    weighted = (mean.detach() * (weight[:, None] * query).mean(dim=0)).sum()
    return half.detach() + weighted - weighted.detach()


class DSRH(Learned):
    """Deep semantic ranking hashing (Zhao et al., CVPR 2015), after the authors' official code.

    F = sum over triplets omega [d(q, i) - d(q, j) + rho]_+ + alpha/2 |mean over queries h~|^2 + beta/2 |W|^2 with
    h~ = 2 sigmoid(z) - 1 and omega from the gains of NDCG. Both terms are divided by the triplets of the batch, as the
    code does at its update; the balance term is the formula's, not the code's (`balance_mode`). The mean is over the
    triplets' queries, so that a query with three triplets counts three times (the code). There is no quantisation term.
    The margin 5 is that of 64 bits; scaling it to other lengths is a proposal. The paper's epochs are **unknown**.
    Where all photographs have one label, lists have two places: one triplet a query, and every weight is ln 2.

    From 3D models a list has one photograph of a burst at most (this project's).

    On the shared backbone the structure of the head is the method's; its width, start and learning rate, the number of
    queries of an epoch, and the epoch chosen on `query_val` are this project's.
    """

    def network(self, channels: int, classes: int) -> BypassHead | AlexNet:
        """Two layers that both reach the hash layer, on the shared features or on AlexNet's."""
        chosen = self.settings
        if chosen.network == "paper":
            return AlexNet(self.bits, chosen.bypass, chosen.dropout)
        return BypassHead(channels, self.bits, chosen.width, chosen.dropout, chosen.bypass)

    def start(self, network: BypassHead | AlexNet, supervision: Supervision, features: Readable) -> None:
        """Take the labels, the mean of the inputs and, for the published network, the ImageNet weights."""
        # One 3D model has grades within it, one label has none.
        supervision.require_classes("dsrh", 1 if supervision.source.startswith("geometry") else 2)
        require_ranking(supervision, "dsrh", self.settings.unlabelled_negatives, self.settings.allow_self)
        self.supervision = supervision
        network.take_inputs(features)
        if isinstance(network, AlexNet):
            network.load(self.settings.weights)

    def optimiser(self, groups: list[dict[str, Any]]) -> Optimizer:
        """SGD with momentum and coupled weight decay."""
        return HashStages(groups, momentum=MOMENTUM, weight_decay=DECAY)

    def rate(self, epoch: int) -> float:
        """Two equal stages of the hash layer, a middle epoch in the first; `HashStages` leaves other layers alone."""
        return 1.0 if 2 * epoch <= self.epochs + 1 else STAGE

    def batches(self, epoch: int, outputs: Outputs, rng: np.random.Generator) -> Iterator[Towers]:
        """Draw queries, balanced by their labels, and a ranking list for each; cut the triplets into batches."""
        known, chosen = self.supervision, self.settings
        repeats = repetitions(known.labels, chosen.repeat_constant)
        queries = draw_queries(repeats, chosen.queries_per_epoch, rng)
        candidates = ((repeats > 0) | chosen.unlabelled_negatives) & once(known.bursts, rng)
        drawn = draw_triplets(queries, known.grades, candidates, rng, chosen.allow_self, known.bursts)
        weights = drawn.weight if chosen.weighted else np.ones_like(drawn.weight)
        towers = np.stack([drawn.query, drawn.more, drawn.less])
        for start in range(0, len(weights), chosen.batch_size):
            cut = slice(start, start + chosen.batch_size)
            yield Towers(towers[:, cut].ravel(), torch.from_numpy(weights[cut].astype(np.float32)))

    def loss(self, network: BypassHead | AlexNet, features: Tensor, batch: Towers) -> dict[str, Tensor]:
        """Ranking and balance terms; each tower has its own dropout."""
        chosen, weight = self.settings, batch.weight.to(features.device)
        query, more, less = relax(network(features)).chunk(3)
        rho = chosen.rho * (self.bits / RHO_BITS if chosen.rho_scaling == "bits" else 1)
        balance = chosen.alpha * imbalance(query, weight if chosen.balance_mode == "official" else None)
        return {
            "ranking": (weight * hinges(query, more, less, rho)).mean(),
            "balance": balance / len(weight) if chosen.reduction == "sum" else balance,
        }

    def end_epoch(self, epoch: int, outputs: Outputs) -> dict[str, float]:
        """Give the mean magnitude of the relaxed codes, 1 where the sigmoids are saturated."""
        return {"magnitude": float(np.abs(np.tanh(outputs() / 2)).mean())}
