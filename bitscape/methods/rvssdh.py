"""RV-SSDH: random VLAD, a transform and a latent hash layer; with SSDH and NetVLAD, which it is compared with."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from bitscape.methods.base.learned import Learned, Outputs
from bitscape.networks.chosen import Readable
from bitscape.networks.latent import (
    ALEXNET,
    VGG,
    LatentEncoder,
    LatentHead,
    Start,
    local_descriptors,
    mean_pool,
    relu_layers,
)
from bitscape.networks.published.vgg_latent import CHANNELS, WIDTH, VGGLatent
from bitscape.networks.vlad import VLAD
from bitscape.supervision.sufficient import require_label_sets
from bitscape.supervision.supervision import Supervision

MOMENTUM, DECAY, STEP = 0.9, 5e-4, 0.1  # SSDH's configuration
VARIANTS: dict[str, dict[str, Any]] = {
    "rv-ssdh": {},
    "ssdh": {"vlad": False, "gamma": 1.0, "quantisation": "q1"},
    "netvlad": {
        "anchor_init": "kmeans",
        "anchors_trainable": True,
        "assign_trainable": True,
        "subtract_mean": False,
    },
}


@dataclass(frozen=True)
class Block:
    """A mini-batch, the (b, C) distributions of its labels, and the share of full weight of terms on the bits."""

    images: NDArray[np.int64]
    labels: Tensor
    share: float


def quantisation(relaxed: Tensor, form: str) -> Tensor:
    """Q of (N, B) sigmoids h, B.4.4.

    `q1` is SSDH's E2, -1/2 mean (h - 1/2)^2, in [-1/8, 0]; it has no gradient at 1/2. `q2` is mean (h - [h > 1/2])^2,
    in [0, 1/4], with its largest gradient there; the bit is held fixed.
    """
    if form == "q1":
        return -0.5 * (relaxed - 0.5).square().mean()
    return (relaxed - (relaxed > 0.5).to(relaxed.dtype)).square().mean()


def balance(relaxed: Tensor) -> Tensor:
    """SSDH's E3, 1/2 mean over images of (mean over bits of h - 1/2)^2, in [0, 1/8], of (N, B) sigmoids."""
    return 0.5 * (relaxed.mean(dim=1) - 0.5).square().mean()


class RVSSDH(Learned):
    """Random VLAD based deep hashing (Weng et al., arXiv 2002.02333), a reconstruction; and its two baselines.

    Only the abstract and half a page were read: convolutions, a random VLAD layer, a transform layer, a latent hash
    layer; classification error and quantisation loss. **All else is unknown** and is here as the specification proposes
    it: anchors that are drawn on the unit sphere and never trained (R1), NetVLAD's normalisations and gap rule, one
    ReLU layer as the transform, SSDH's latent layer, optimiser and terms, with weights 1:

        L = alpha CE(V h + c, y) + beta Q(h) (+ gamma E3(h)),   h = sigmoid(z), bit = [z > 0]

    Several labels of a photograph are soft targets (this project's). On the shared backbone, maps of fewer channels,
    K = 16, T = 512, the learning rate, and the epoch chosen on `query_val` are this project's, too.

    `variant: ssdh` is SSDH (Yang et al., TPAMI 2018; its official configuration) and `variant: netvlad` NetVLAD with
    the same layers after it; how the paper made codes of NetVLAD is unknown.
    """

    def __init__(self, settings: Any, bits: int, seed: int) -> None:
        super().__init__(settings.model_copy(update=VARIANTS[settings.variant]), bits, seed)

    def network(self, channels: int, classes: int) -> LatentEncoder | VGGLatent:
        """VLAD, transform, latent layer and classifier, on the shared maps or on VGG-16's conv5_3."""
        kept, ssdh = min(self.settings.channels, channels), self.settings.variant == "ssdh"
        if self.settings.network == "shared":
            return LatentEncoder(channels, kept, self._head(kept, classes, ALEXNET))
        if ssdh:
            return VGGLatent(True, lambda: LatentHead(nn.Identity(), nn.Identity(), WIDTH, self.bits, classes, VGG))
        return VGGLatent(False, lambda: self._head(CHANNELS, classes, VGG))

    def _head(self, channels: int, classes: int, start: Start) -> LatentHead:
        chosen = self.settings
        flags = ("anchors_trainable", "assign_trainable", "form", "assignment", "subtract_mean")
        norms = ("normalise_descriptors", "intra_norm", "normalise")
        pool: nn.Module = mean_pool()
        if chosen.vlad:
            pool = VLAD(channels, chosen.clusters, **{name: getattr(chosen, name) for name in (*flags, *norms)})
        pooled = channels * chosen.clusters if chosen.vlad else channels
        layers = 2 if chosen.variant == "ssdh" else int(chosen.transform)
        hidden = relu_layers(pooled, chosen.width, layers, chosen.dropout)
        return LatentHead(pool, hidden, chosen.width if layers else pooled, self.bits, classes, start)

    def start(self, network: Any, supervision: Supervision, features: Readable) -> None:
        """Take the labels and ImageNet weights; draw the anchors and calibrate the assignment."""
        supervision.require_classes("rvssdh")
        require_label_sets(supervision, "rvssdh")
        self.supervision = supervision
        if isinstance(network, VGGLatent):
            network.load(self.settings.weights)
        if self.settings.vlad:
            network.eval()
            device = next(network.parameters()).device
            drawn = local_descriptors(lambda block: network.maps(network.features(block)), features, device)
            network.head.pool.initialise(drawn, self.settings.anchor_init, self.settings.sharpness)

    def optimiser(self, groups: list[dict[str, Any]]) -> Optimizer:
        """SSDH's SGD; anchors that are not trained are not parameters, and neither learn nor decay."""
        # Fused, a step of the whole training takes half as long on a CPU.
        return SGD(groups, momentum=MOMENTUM, weight_decay=DECAY, fused=True)

    def rate(self, epoch: int) -> float:
        """A tenth after each `step` of the epochs; SSDH: at 25,000 and 50,000 iterations."""
        # Three tenths of ten epochs are a little more than 3 in floating point.
        return STEP ** int((epoch - 1) / (self.settings.step * self.epochs) + 1e-9)

    def batches(self, epoch: int, outputs: Outputs, rng: np.random.Generator) -> Iterator[Block]:
        """Shuffle the labelled photographs; classification alone at first, where that is asked for."""
        chosen, order = self.settings, rng.permutation(self.supervision.labelled)
        share = min(max((epoch - chosen.warmup_epochs) / (chosen.ramp_epochs + 1), 0.0), 1.0)
        for start in range(0, len(order), chosen.batch_size):
            images = order[start : start + chosen.batch_size]
            yield Block(images, torch.from_numpy(self.supervision.distributions(images)), share)

    def loss(self, network: Any, features: Tensor, batch: Block) -> dict[str, Tensor]:
        """Classification and quantisation terms, and SSDH's balance term where it has a weight."""
        chosen, relaxed = self.settings, torch.sigmoid(network(features))
        logits = network.classify(relaxed)
        terms = {
            "classification": chosen.alpha * nn.functional.cross_entropy(logits, batch.labels.to(logits)),
            "quantisation": batch.share * chosen.beta * quantisation(relaxed, chosen.quantisation),
        }
        if chosen.gamma:
            terms["balance"] = batch.share * chosen.gamma * balance(relaxed)
        return terms
