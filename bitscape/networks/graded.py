"""Least squares of the cosines of codes to graded similarities; the project's own."""

import torch
from torch import Tensor

from bitscape.networks.pooling import unit_length


def graded_similarity(outputs: Tensor, targets: Tensor, compared: Tensor, zeros: float = 1.0) -> Tensor:
    """Weighted mean of (cos(f_i, f_j) - t_ij)^2 over the pairs of a batch.

    The cosine of two codes is 1 - 2 d / B, d their Hamming distance: photographs that have nothing in common are to
    differ in half of the bits, as two random codes do, and no further.

    Args:
        outputs: (b, B) f, of any length.
        targets: (b, b) t in [0, 1].
        compared: (b, b) bool, which pairs count.
        zeros: weight of a pair with t = 0; others weigh 1.

    Returns:
        A scalar; 0 where no pair counts.
    """
    unit = unit_length(outputs)
    weights = compared * torch.where(targets > 0, 1.0, zeros)
    gaps = (unit @ unit.T - targets).square()
    return (weights * gaps).sum() / weights.sum().clamp(min=torch.finfo(weights.dtype).tiny)


def direction_gap(outputs: Tensor, codes: Tensor) -> Tensor:
    """Mean of (sqrt(B) f / |f| - b)^2: how far directions, which is what cosines see, are from codes.

    It is 2 - 2 cos(f, b), between 0 and 2 - 2 / sqrt(B) for b = sgn(f).

    Args:
        outputs: (b, B) f.
        codes: (b, B) of -1 and +1.
    """
    return (unit_length(outputs) * outputs.shape[1] ** 0.5 - codes).square().mean()
