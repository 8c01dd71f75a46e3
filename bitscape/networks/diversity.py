"""Parts that look at different places and see different things: two constraints by Hellinger distances."""

from typing import Literal

import torch
from torch import Tensor

Aggregation = Literal["mean", "sum"]
TINY = 1e-12  # under the root, whose gradient has no value where two distributions are equal


def mean_hellinger(logarithms: Tensor) -> Tensor:
    """Mean Hellinger distance (1 / sqrt 2) |sqrt p - sqrt q| of all pairs of M distributions.

    The root of s + tiny less the root of tiny stands for the root of s: it is 0 for equal distributions, never above
    the true distance, and has a gradient everywhere.

    Args:
        logarithms: (N, M, d) logarithms of distributions over d, M at least 2.

    Returns:
        (N,) in [0, 1]: 0 if all are the same, 1 (but for a millionth) if no two overlap.
    """
    roots = torch.exp(0.5 * logarithms)
    first, second = torch.triu_indices(roots.shape[1], roots.shape[1], offset=1, device=roots.device)
    squared = 0.5 * (roots[:, first] - roots[:, second]).square().sum(dim=2)
    return ((squared + TINY).sqrt() - TINY**0.5).mean(dim=1)


def spatial_diversity(refined: Tensor, aggregation: Aggregation = "mean") -> Tensor:
    """L_sp, 1 less the mean distance of the parts' places (eq. 5, from memory; the same in two re-implementations).

    It is on the refined local features and not on the attention, which could be switched on where the features are not
    active. A part's places are the softmax of its features aggregated over channels. The paper's aggregation is the sum
    (from memory), which with many channels saturates the softmax; the re-implementations have the mean.

    Args:
        refined: (N, M, C, h, w) refined local features.
        aggregation: over channels.

    Returns:
        (N,) in [0, 1]; 0 for a single part or none.
    """
    if refined.shape[1] < 2:
        return refined.new_zeros(len(refined))
    maps = refined.mean(dim=2) if aggregation == "mean" else refined.sum(dim=2)
    return 1 - mean_hellinger(torch.log_softmax(maps.flatten(2), dim=2))


def channel_diversity(local: Tensor, limit: float) -> Tensor:
    """L_cp, what the mean distance of the parts' channels lacks of `limit` (eq. 6 and 7, from memory likewise).

    Args:
        local: (N, M, C) pooled local features, whose softmax is over channels.
        limit: t, from which distance on nothing is asked for.

    Returns:
        (N,) in [0, t]; 0 for a single part or none.
    """
    if local.shape[1] < 2:
        return local.new_zeros(len(local))
    return (limit - mean_hellinger(torch.log_softmax(local, dim=2))).clamp(min=0)
