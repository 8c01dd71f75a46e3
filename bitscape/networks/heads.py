"""Hash layers."""

import torch
from torch import Tensor, nn

from bitscape.networks.pooling import unit_length


class TanhPair(nn.Module):
    """DSAH's head: dropout, linear to `width` without activation, linear to bits, tanh.

    Args:
        dimensions: of the features.
        bits: code length.
        width: of the layer between; 1000 in the authors' code.
        deviation: of the truncated normal start of weights and biases; 0.001 in the authors' code.
        dropout: on the features; 0.5 in the authors' code, there on fc6 and fc7.
    """

    centre: Tensor

    def __init__(self, dimensions: int, bits: int, width: int, deviation: float, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("centre", torch.zeros(dimensions))
        self.transform, self.hash = nn.Linear(dimensions, width), nn.Linear(width, bits)
        for layer in (self.transform, self.hash):
            # TensorFlow's truncated normal is cut at two deviations.
            nn.init.trunc_normal_(layer.weight, std=deviation, a=-2 * deviation, b=2 * deviation)
            nn.init.trunc_normal_(layer.bias, std=deviation, a=-2 * deviation, b=2 * deviation)

    def forward(self, features: Tensor) -> Tensor:
        """Compute (N, bits) outputs in (-1, 1) of (N, dimensions) features."""
        centred = unit_length(features - self.centre)
        return torch.tanh(self.hash(self.transform(self.dropout(centred))))
