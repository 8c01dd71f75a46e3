"""The codes of pairs that trade their distance for nearness to the outputs: the B-step of BCDH's reading B."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


def signs(outputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """The codes of outputs of any shape, float32 of -1 and +1, with sgn(0) = 1."""
    return np.where(outputs >= 0, 1, -1).astype(np.float32)


def pair_codes(
    left: Floats, right: Floats, similar: Floats, margin: float, weight: float, hinge: Literal["euclid", "sq"]
) -> NDArray[np.int8]:
    """Minimise c(b_i, b_j) + lambda/2 (|f_i - b_i|^2 + |f_j - b_j|^2) over the codes of each pair, exactly.

    Closed form of the specification of BCDH (1.6.2, inferred there and checked against all codes). From the signs of
    the outputs, making the two codes of a pair agree or differ in bit l costs kappa_l = 2 lambda min(|f_il|, |f_jl|),
    by turning the smaller of the two over. A bit in which similar codes differ costs 2; of dissimilar codes only the
    number D of differing bits counts, by g(D), so that the cheapest agreeing bits are turned over, as many as pay.

    Args:
        left: (p, B) outputs f_i.
        right: (p, B) outputs f_j.
        similar: (p,) 1 or 0.
        margin: m of c.
        weight: lambda, at least 0.
        hinge: of dissimilar pairs, g(D) = 1/2 max(0, m - 2 sqrt D)^2 (`euclid`) or 1/2 max(0, m^2 - 4 D) (`sq`).

    Returns:
        (2, p, B) codes of -1 and +1 of the left and the right ends; every pair has its own, also of shared photographs.
    """
    codes = np.where(np.stack([left, right]) >= 0, 1, -1).astype(np.int8)
    differ = codes[0] != codes[1]
    cost = 2 * weight * np.minimum(np.abs(left), np.abs(right)).astype(np.float64)
    alike = (similar > 0)[:, None]
    turned = np.where(alike, differ & (cost < 2), _cheapest(cost, differ, margin, hinge))
    first = np.abs(left) <= np.abs(right)
    codes[0][turned & first] *= -1
    codes[1][turned & ~first] *= -1
    return codes


def _cheapest(cost: Floats, differ: NDArray[np.bool_], margin: float, hinge: str) -> NDArray[np.bool_]:
    """Choose the agreeing bits of dissimilar pairs that are turned over: (p, B)."""
    pairs, bits = cost.shape
    priced = np.where(differ, np.inf, cost)
    order = np.argsort(priced, axis=1, kind="stable")
    spent = np.cumsum(np.take_along_axis(priced, order, axis=1), axis=1)
    spent = np.concatenate([np.zeros((pairs, 1)), spent], axis=1)  # of turning over none, one, ... all
    apart = np.minimum(differ.sum(axis=1, keepdims=True) + np.arange(bits + 1), bits)
    if hinge == "euclid":
        gained = 0.5 * np.maximum(0, margin - 2 * np.sqrt(apart)) ** 2
    else:
        gained = 0.5 * np.maximum(0, margin**2 - 4 * apart)
    wanted = np.argmin(gained + spent, axis=1)
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.broadcast_to(np.arange(bits), order.shape), axis=1)
    chosen: NDArray[np.bool_] = ranks < wanted[:, None]
    return chosen
