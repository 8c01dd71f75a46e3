"""How sure a difference between two methods is, by resampling the queries that both answered."""

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
    """Means of resamples of `values`; equal seeds and lengths draw the same queries."""
    generator, count = np.random.default_rng(seed), len(values)
    step = max(1, BLOCK // count)
    return np.concatenate(
        [
            values[generator.integers(0, count, (min(step, RESAMPLES - start), count))].mean(axis=1)
            for start in range(0, RESAMPLES, step)
        ]
    )
