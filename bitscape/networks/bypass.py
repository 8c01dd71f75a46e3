"""DSRH's head: two layers, both of which reach the hash layer."""

from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from bitscape.networks.chosen import Readable
from bitscape.networks.described import described
from bitscape.networks.encoder import PooledEncoder

Bypass = Literal["both", "fca", "fcb"]
"""What the hash layer sees: both layers, or one of them (the ablation)."""

DEVIATION = 0.01  # of the hash layer's normal start, in the official configuration
BIAS = 1.0  # its bias, likewise


class BypassLayers(nn.Module):
    """FCa and FCb with ReLU, and a hash layer on both: z = W_a FCa + W_b dropout(FCb) + c.

    Dropout lies between FCa and FCb and between FCb and the hash layer, never between FCa and the hash layer (official
    code, 2.3). What `bypass` leaves out gets no gradient.

    Args:
        dimensions: of the input.
        width: of FCa and FCb.
        bits: code length.
        dropout: share of values that are set to 0.
        bypass: what the hash layer sees.
    """

    def __init__(self, dimensions: int, width: int, bits: int, dropout: float, bypass: Bypass) -> None:
        super().__init__()
        self.fca, self.fcb, self.dropout = nn.Linear(dimensions, width), nn.Linear(width, width), nn.Dropout(dropout)
        self.from_fca, self.from_fcb = nn.Linear(width, bits, bias=False), nn.Linear(width, bits, bias=False)
        self.bias = nn.Parameter(torch.full((bits,), BIAS))
        self.bypass = bypass
        for layer in (self.from_fca, self.from_fcb):
            nn.init.normal_(layer.weight, std=DEVIATION)

    def hash_parameters(self) -> list[Tensor]:
        """Give the weights from FCb, the weights from FCa, and the bias."""
        return [self.from_fcb.weight, self.from_fca.weight, self.bias]

    def forward(self, features: Tensor) -> Tensor:
        """Compute (N, bits) outputs z of (N, dimensions) features."""
        first = torch.relu(self.fca(features))
        outputs = self.bias
        if self.bypass != "fcb":
            outputs = outputs + self.from_fca(first)
        if self.bypass != "fca":
            second = torch.relu(self.fcb(self.dropout(first)))
            outputs = outputs + self.from_fcb(self.dropout(second))
        return outputs


class BypassHead(PooledEncoder):
    """DSRH's layers on the pooled features of the shared backbone.

    The structure is the method's. Its size, features that are centred and scaled to unit mean square, and He's
    initialisation of FCa and FCb (there is nothing pretrained to copy) are this project's.

    Args:
        dimensions: of the pooled features.
        bits: code length.
        width: of FCa and FCb.
        dropout: see `BypassLayers`.
        bypass: what the hash layer sees.
    """

    centre: Tensor
    scale: Tensor

    def __init__(self, dimensions: int, bits: int, width: int, dropout: float, bypass: Bypass) -> None:
        super().__init__()
        self.layers = BypassLayers(dimensions, width, bits, dropout, bypass)
        for layer in (self.layers.fca, self.layers.fcb):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
        self.register_buffer("centre", torch.zeros(dimensions))
        self.register_buffer("scale", torch.ones(()))

    def take_inputs(self, inputs: Readable) -> None:
        """Take centre and scale from the features, or pixels, of the n training photographs."""
        features = described(self, inputs)
        centre = features.mean(axis=0)
        self.centre.copy_(torch.from_numpy(centre))
        self.scale.fill_(1 / max(float(np.sqrt(np.square(features - centre).mean())), 1e-12))

    def forward(self, features: Tensor) -> Tensor:
        """Compute (N, bits) outputs z of (N, dimensions) features."""
        outputs: Tensor = self.layers((features - self.centre) * self.scale)
        return outputs

    def parameter_groups(self, rate: float, backbone_rate: float) -> list[dict[str, Any]]:
        """Group parameters; the hash layer's rate falls in the course of the training, that of others does not."""
        hashing = self.layers.hash_parameters()
        ours = {id(parameter) for parameter in hashing}
        groups = [{"params": hashing, "lr": rate, "falls": True}]
        for group in super().parameter_groups(rate, backbone_rate):
            others = [one for one in group["params"] if id(one) not in ours]
            groups.append(group | {"params": others, "falls": False})
        return groups
