"""A network for BCDH from pixels, a proposal as the paper's is unknown: VGG-16 up to relu5_3, GeM, a linear layer."""

from typing import Any

import torch
from torch import Tensor, nn

from bitscape.networks.heads import LinearHash
from bitscape.networks.pooling import GEM_POWER, gem, unit_length
from bitscape.networks.published.vgg16 import VGG16

CHANNELS = 512  # of relu5_3
RATE, POWER_RATE, HASH_RATE = 1e-6, 1e-5, 1e-4
DECAY = 1e-6


class VGGGeM(LinearHash):
    """VGG-16 up to relu5_3 (no pool5), GeM, unit length, one linear layer (1.3 of the specification of BCDH).

    All of it is the specification's proposal, consistent with Radenovic et al., from whose training the pairs come:
    photographs at 362 pixels (they pad the longer side's 362 to a square with the mean pixel; here photographs are
    warped to the square), relu5_3, GeM with p = 3 at the start, Adam at 1e-6 for the convolutions, ten times that for p
    and no decay on it (their code), decay 1e-6 (the default of their PyTorch code). The hash layer learns a hundred
    times as fast as the convolutions (the specification proposes 10 to 100).

    Args:
        bits: code length.
        power_learned: p is trained.
    """

    side = 362

    def __init__(self, bits: int, power_learned: bool) -> None:
        super().__init__(CHANNELS, bits)
        self.trunk = VGG16("train.methods.bcdh")
        self.power = nn.Parameter(torch.tensor(GEM_POWER), requires_grad=power_learned)

    def load(self, weights: str) -> None:
        """Take ImageNet weights, see `VGG16.load`."""
        self.trunk.load(weights)

    def features(self, inputs: Tensor) -> Tensor:
        """Compute (N, 512) descriptors of unit length of (N, 3, side, side) uint8 RGB photographs."""
        return unit_length(gem(self.trunk(self.trunk.normalise(inputs)), self.power))

    def parameter_groups(self, rate: float, backbone_rate: float) -> list[dict[str, Any]]:
        """Group parameters by the rates above, whatever rates are given."""
        groups = [
            {"params": list(self.trunk.parameters()), "lr": RATE, "weight_decay": DECAY},
            {"params": list(self.hash.parameters()), "lr": HASH_RATE, "weight_decay": DECAY},
        ]
        if self.power.requires_grad:
            groups.append({"params": [self.power], "lr": POWER_RATE, "weight_decay": 0.0})
        return groups
