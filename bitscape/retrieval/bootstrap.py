"""How sure a difference between two methods is, by resampling the queries that both answered."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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


def paired_difference(first: NDArray[np.float64], second: NDArray[np.float64], seed: int) -> Difference:
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
    generator = np.random.default_rng(seed)
    step = max(1, BLOCK // count)
    means = np.concatenate(
        [
            differences[generator.integers(0, count, (min(step, RESAMPLES - start), count))].mean(axis=1)
            for start in range(0, RESAMPLES, step)
        ]
    )
    low, high = np.percentile(means, [2.5, 97.5])
    wins, losses = int((differences > 1e-12).sum()), int((differences < -1e-12).sum())
    return Difference(float(differences.mean()), float(low), float(high), wins, losses)
