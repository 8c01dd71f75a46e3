"""Losses on outputs and logits: ATH's triplet loss, and those it is compared with (1.3 of its specification)."""

from typing import Literal

import torch
from torch import Tensor

Distance = Literal["mean", "sum"]
"""Squared differences of two outputs, averaged over the bits or added up."""

CIRCLE_SCALE, CIRCLE_MARGIN = 32.0, 0.25  # the authors' code
SMALLEST = 1e-12
UNIT_WEIGHT = 0.01  # of | |h| - 1 | in the pairwise loss, likewise


def squared_distance(left: Tensor, right: Tensor, distance: Distance) -> Tensor:
    """D of each row of two (n, B) outputs: (n,)."""
    squared = (left - right).square()
    return squared.mean(dim=1) if distance == "mean" else squared.sum(dim=1)


def triplet(query: Tensor, positive: Tensor, negative: Tensor, margin: float, distance: Distance = "mean") -> Tensor:
    """Mean of max(0, margin - D(q, n) + D(q, p)) over (n, B) triplets (the authors' code, with the mean distance).

    Where all outputs are equal it is `margin` and its gradient 0: a network that has collapsed stays so.
    """
    apart, near = squared_distance(query, negative, distance), squared_distance(query, positive, distance)
    return (margin - apart + near).clamp(min=0).mean()


def pairwise(left: Tensor, right: Tensor, similar: Tensor, margin: float, distance: Distance = "mean") -> Tensor:
    """Mean of 1/2 s D + 1/2 (1 - s) max(0, margin - D), and 0.01 mean | |h| - 1 | of both sides (the authors' code).

    Args:
        left: (n, B) outputs.
        right: (n, B) outputs.
        similar: (n,) 1 for a similar pair, 0 for a dissimilar one.
        margin: distance from which dissimilar pairs cost nothing.
        distance: what D is.
    """
    apart = squared_distance(left, right, distance)
    pairs = 0.5 * similar * apart + 0.5 * (1 - similar) * (margin - apart).clamp(min=0)
    return pairs.mean() + UNIT_WEIGHT * sum((side.abs() - 1).abs().mean() for side in (left, right))


def circle(similar: Tensor, dissimilar: Tensor, scale: float = CIRCLE_SCALE, margin: float = CIRCLE_MARGIN) -> Tensor:
    """Circle loss, mean of log(1 + sum_p exp(-scale a_p (s_p - 1 + m)) sum_n exp(scale a_n (s_n - m))).

    a_p = max(0, 1 + m - s_p), a_n = max(0, s_n + m), with gradients, as the specification writes it. The authors' code
    printed `inf` in one run; here sums are of logarithms.

    Args:
        similar: (n, P) cosines of each query with its positives.
        dissimilar: (n, M) cosines with its negatives.
        scale: 32 in the authors' code.
        margin: m, 0.25 in the authors' code.
    """
    pull = (1 + margin - similar).clamp(min=0) * (1 - margin - similar)
    push = (dissimilar + margin).clamp(min=0) * (dissimilar - margin)
    exponent = torch.logsumexp(scale * pull, dim=1) + torch.logsumexp(scale * push, dim=1)
    return torch.nn.functional.softplus(exponent).mean()


def focal(logits: Tensor, targets: Tensor, gamma: float, alpha: Tensor | float = 1.0) -> Tensor:
    """Mean of -sum_c t_c alpha_c (1 - p_c)^gamma log p_c; with gamma 0 and alpha 1 the softmax cross-entropy.

    Args:
        logits: (n, C).
        targets: (n, C), rows that add up to 1.
        gamma: 2 in the authors' code.
        alpha: (C,) weights of the classes, or one of all.
    """
    logs = torch.log_softmax(logits, dim=1)
    # By way of the logarithm 1 - p keeps its digits where p is nearly 1; above 0 its powers have gradients.
    rest = (-torch.expm1(logs)).clamp(min=SMALLEST)
    return -(targets * alpha * rest.pow(gamma) * logs).sum(dim=1).mean()
