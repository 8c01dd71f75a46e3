"""Hash layers."""

import torch
from torch import Tensor, nn

from bitscape.networks.encoder import PooledEncoder
from bitscape.networks.pooling import unit_length


class LinearHash(PooledEncoder):
    """One linear layer without activation.

    Args:
        dimensions: of the pooled features.
        bits: code length.
    """

    def __init__(self, dimensions: int, bits: int) -> None:
        super().__init__()
        self.hash = nn.Linear(dimensions, bits)

    def forward(self, features: Tensor) -> Tensor:
        """Compute (N, bits) outputs of (N, dimensions) features."""
        outputs: Tensor = self.hash(features)
        return outputs


def tanh_pair(dimensions: int, bits: int, width: int, deviation: float) -> nn.Sequential:
    """DSAH's head (A.3; the authors' code): linear to `width` with no activation, linear to bits, tanh.

    Args:
        dimensions: of the features.
        bits: code length.
        width: of the layer between; 1000 in the authors' code.
        deviation: of the truncated normal start of weights and biases; 0.001 in the authors' code.
    """
    layers = nn.Linear(dimensions, width), nn.Linear(width, bits)
    for layer in layers:
        # TensorFlow's truncated normal is cut at two deviations.
        nn.init.trunc_normal_(layer.weight, std=deviation, a=-2 * deviation, b=2 * deviation)
        nn.init.trunc_normal_(layer.bias, std=deviation, a=-2 * deviation, b=2 * deviation)
    return nn.Sequential(*layers, nn.Tanh())


class TanhPair(PooledEncoder):
    """DSAH's head on pooled features: centred, at unit length, dropout, `tanh_pair`.

    Args:
        dimensions: of the features.
        bits: code length.
        width: see `tanh_pair`.
        deviation: see `tanh_pair`.
        dropout: on the features; 0.5 in the authors' code, there on fc6 and fc7.
    """

    centre: Tensor

    def __init__(self, dimensions: int, bits: int, width: int, deviation: float, dropout: float) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(dimensions))
        self.dropout, self.hash = nn.Dropout(dropout), tanh_pair(dimensions, bits, width, deviation)

    def forward(self, features: Tensor) -> Tensor:
        """Compute (N, bits) outputs in (-1, 1) of (N, dimensions) features."""
        outputs: Tensor = self.hash(self.dropout(unit_length(features - self.centre)))
        return outputs
