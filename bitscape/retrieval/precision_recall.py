"""Precision and recall of what lies within a Hamming radius."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bitscape.hamming.ranking import Histograms

Floats = NDArray[np.float64]
EmptyBall = Literal["zero", "skip"]
"""A query with no item within the radius: its precision counts as 0, or it is left out of the mean."""


EMPTY_BALLS: tuple[EmptyBall, EmptyBall] = ("skip", "zero")


class Curve(NamedTuple):
    """A precision-recall curve: one point per radius.

    Attributes:
        recall: (points,) float64, rising.
        precision: (points,) float64.
    """

    recall: Floats
    precision: Floats


class ByRadius(NamedTuple):
    """What lies within each radius 0, 1, ..., bits: means over the queries.

    Attributes:
        radius: (radii,) int64.
        recall: (radii,) float64, rising.
        precision_empty_skip: (radii,) float64, without the queries that have nothing within the radius, NaN where none
            has; over recall it is the precision-recall curve.
        precision_empty_zero: (radii,) float64, such queries counting 0.
    """

    radius: NDArray[np.int64]
    recall: Floats
    precision_empty_skip: Floats
    precision_empty_zero: Floats


def by_radius(counts: Histograms) -> ByRadius:
    """Measure what lies within each radius; all NaN where there is no query.

    Args:
        counts: items and relevant items at each distance; a query without any relevant item has a recall of 0.
    """
    radii = counts.items.shape[1]
    relevant = counts.relevant.cumsum(axis=1)
    recall = (relevant / np.maximum(relevant[:, -1:], 1)).mean(axis=0) if len(relevant) else np.full(radii, np.nan)
    skip, zero = (precision_by_radius(counts, policy) for policy in EMPTY_BALLS)
    return ByRadius(np.arange(radii), recall, skip, zero)


def precision_within(counts: Histograms, radius: int) -> Floats:
    """Share of relevant items among those within `radius` of each query.

    Args:
        counts: items and relevant items at each distance.
        radius: largest Hamming distance that counts.

    Returns:
        (queries,) float64; NaN where no item lies within the radius.
    """
    items = counts.items[:, : radius + 1].sum(axis=1)
    relevant = counts.relevant[:, : radius + 1].sum(axis=1)
    return np.divide(relevant, items, out=np.full(len(items), np.nan), where=items > 0)


def mean_precision_within(counts: Histograms, radius: int, empty_ball: EmptyBall = "zero") -> float:
    """Mean over the queries of the precision within `radius`.

    Args:
        counts: items and relevant items at each distance.
        radius: largest Hamming distance that counts.
        empty_ball: what a query with no item within the radius counts.

    Returns:
        The mean; NaN where it is a mean over nothing.
    """
    precision = precision_within(counts, radius)
    filled = np.nan_to_num(precision) if empty_ball == "zero" else precision[~np.isnan(precision)]
    return float(filled.mean()) if len(filled) else float("nan")


def precision_by_radius(counts: Histograms, empty_ball: EmptyBall = "zero") -> Floats:
    """Mean over the queries of the precision within each radius 0, 1, ..., bits.

    Args:
        counts: items and relevant items at each distance.
        empty_ball: what a query with no item within the radius counts.

    Returns:
        (bits + 1,) float64; NaN where it is a mean over nothing.
    """
    return np.array([mean_precision_within(counts, radius, empty_ball) for radius in range(counts.items.shape[1])])


def precision_recall_curve(counts: Histograms, empty_ball: EmptyBall = "skip") -> Curve:
    """Mean precision over mean recall, for the radii 0, 1, ..., bits.

    Args:
        counts: items and relevant items at each distance, of queries with at least one relevant item.
        empty_ball: what a query with no item within a radius counts in the precision. Radii at which no query
            has an item are left out with `skip`.

    Returns:
        The curve; without points where there is no query.
    """
    items, relevant = counts.items.cumsum(axis=1), counts.relevant.cumsum(axis=1)
    if len(items) == 0:
        return Curve(np.empty(0), np.empty(0))
    recall = (relevant / np.maximum(relevant[:, -1:], 1)).mean(axis=0)
    precision = (relevant / np.maximum(items, 1)).sum(axis=0)
    if empty_ball == "zero":
        return Curve(recall, precision / len(items))
    filled = (items > 0).sum(axis=0)
    return Curve(recall[filled > 0], precision[filled > 0] / filled[filled > 0])
