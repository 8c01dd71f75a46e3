"""How sure a difference between two methods is, by resampling the queries that both answered."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RESAMPLES = 10_000
BLOCK = 1 << 22


class Difference(NamedTuple):
    """The mean difference of paired scores.

    Attributes:
        mean: of first - second.
        low: lower end of the 95 % percentile interval.
        high: its upper end.
        wins: queries on which the first is better.
        losses: queries on which the second is better.
    """

    mean: float
    low: float
    high: float
    wins: int
    losses: int


def mean_interval(values: Floats, weights: Floats, seed: int) -> tuple[float, float]:
    """Tell how sure a mean is: the 95 % percentile bootstrap over the queries (Efron 1979), with 10,000 resamples.

    Args:
        values: (queries,) float64.
        weights: (queries,) float64; the mean is sum(values) / sum(weights).
        seed: of the resamples.

    Returns:
        Lower and upper end; NaN where no query has a weight.
    """
    values, weights = values[weights > 0], weights[weights > 0]
    if len(weights) == 0:
        return np.nan, np.nan
    if (weights == 1).all():
        low, high = np.percentile(_resampled(values, seed), [2.5, 97.5])
        return float(low), float(high)
    sums, totals = _resampled(values, seed), _resampled(weights, seed)
    low, high = np.percentile(sums / totals, [2.5, 97.5])
    return float(low), float(high)


def macro_interval(
    classes: Sequence[tuple[NDArray[np.int64], Floats, Floats]], queries: int, seed: int
) -> tuple[float, float]:
    """Tell how sure a mean of the classes' means is, by the same resamples of the queries.

    A class of which a resample has no query is left out of the mean of that resample.

    Args:
        classes: of each class which queries have it, their values and their weights, as `mean_interval` has them.
        queries: how many there are in all.
        seed: of the resamples.

    Returns:
        Lower and upper end; NaN without classes.
    """
    if not classes:
        return np.nan, np.nan
    sums, totals = np.zeros((2, queries, len(classes)))
    for number, (rows, values, weights) in enumerate(classes):
        sums[rows, number], totals[rows, number] = values, weights
    asked = np.flatnonzero(totals.any(axis=1))  # as without classes, where a query without a weight is not drawn
    means = []
    for drawn in _resamples(len(asked), seed):
        flat = (drawn + len(asked) * np.arange(len(drawn))[:, None]).ravel()
        times = np.bincount(flat, minlength=drawn.size).reshape(drawn.shape).astype(np.float64)
        total = times @ totals[asked]
        share = np.divide(times @ sums[asked], total, out=np.zeros_like(total), where=total > 0)
        means.append(share.sum(axis=1) / (total > 0).sum(axis=1))
    low, high = np.percentile(np.concatenate(means), [2.5, 97.5])
    return float(low), float(high)


def paired_difference(first: Floats, second: Floats, seed: int) -> Difference:
    """Compare the scores of two methods on the same queries.

    The interval is the percentile bootstrap over queries (Efron 1979) with 10,000 resamples. It tells how much the
    choice of the queries matters, not how much another training would differ.

    Args:
        first: (queries,) float64; NaN where a query has no score.
        second: the same, of the other method.
        seed: of the resamples.

    Returns:
        The difference over the queries that both have a score for; NaN where there is none.
    """
    differences = (first - second)[~np.isnan(first) & ~np.isnan(second)]
    count = len(differences)
    if count == 0:
        return Difference(np.nan, np.nan, np.nan, 0, 0)
    means = _resampled(differences, seed)
    low, high = np.percentile(means, [2.5, 97.5])
    wins, losses = int((differences > 1e-12).sum()), int((differences < -1e-12).sum())
    return Difference(float(differences.mean()), float(low), float(high), wins, losses)


def _resampled(values: Floats, seed: int) -> Floats:
    """Means of resamples of `values`."""
    return np.concatenate([values[drawn].mean(axis=1) for drawn in _resamples(len(values), seed)])


def _resamples(count: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Draw places in blocks of rows, each row a resample; equal seeds and counts draw the same."""
    generator, step = np.random.default_rng(seed), max(1, BLOCK // count)
    for start in range(0, RESAMPLES, step):
        yield generator.integers(0, count, (min(step, RESAMPLES - start), count))
