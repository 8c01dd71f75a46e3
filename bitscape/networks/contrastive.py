"""The contrastive loss of pairs, and how far outputs are from codes."""

from typing import Literal

import torch
from torch import Tensor

Hinge = Literal["euclid", "sq"]
"""What a dissimilar pair nearer than the margin costs: (m - d)^2, or m^2 - d^2 as in DSH."""


def contrastive(left: Tensor, right: Tensor, similar: Tensor, margin: float, hinge: Hinge = "euclid") -> Tensor:
    """Each pair's 1/2 s |u - v|^2 + 1/2 (1 - s) max(0, m - |u - v|)^2 (Radenovic et al., their MatConvNet code).

    Args:
        left: (p, B) outputs u.
        right: (p, B) outputs v.
        similar: (p,) s, 1 for a similar pair, 0 for a dissimilar one.
        margin: m, the distance from which dissimilar pairs cost nothing.
        hinge: `sq` has max(0, m^2 - |u - v|^2) for dissimilar pairs (a switch that the specification proposes).

    Returns:
        (p,). At distance 0 the gradient of a dissimilar pair is 0, as in that code.
    """
    squared = (left - right).square().sum(dim=1)
    if hinge == "sq":
        near = (margin**2 - squared).clamp(min=0)
    else:
        apart = squared > 0
        distance = torch.where(apart, squared, 1.0).sqrt() * apart
        near = (margin - distance).clamp(min=0).square()
    return 0.5 * similar * squared + 0.5 * (1 - similar) * near


def nearest_codes(outputs: Tensor) -> Tensor:
    """Give the signs of outputs, that of 0 being 1, without gradient."""
    return torch.where(outputs >= 0, 1.0, -1.0).to(outputs.dtype).detach()
