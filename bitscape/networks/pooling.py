"""Global pooling of convolutional feature maps, and unit length."""

import torch
from torch import Tensor

GEM_POWER = 3.0
SMALLEST = 1e-6


def gem(maps: Tensor, power: float | Tensor = GEM_POWER) -> Tensor:
    """Generalised mean pooling (Radenovic et al. 2018, `X_k = (mean x^p)^(1/p)`), x clamped at 1e-6.

    Args:
        maps: (N, C, h, w) float feature maps.
        power: p; 1 is the mean, infinity the maximum. 3 is their initial value.

    Returns:
        (N, C) pooled features.
    """
    return maps.clamp(min=SMALLEST).pow(power).mean(dim=(-2, -1)).pow(1 / power)


def unit_length(features: Tensor) -> Tensor:
    """Divide each row of (N, D) features by its Euclidean length; a row of zeros stays zero."""
    return torch.nn.functional.normalize(features, dim=-1, eps=1e-12)
