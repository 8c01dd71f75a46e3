"""The worst and the best order of the ties for a mean that leaves out the queries without a hit in the first k."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def bounds(worst: Floats, best: Floats, k: int) -> tuple[float, float]:
    """Lowest and highest mean of 1 / rank of the first hit, over queries with a hit in the first k, of all orders.

    An order may also take a query out of the mean, by bringing no hit into the first k; so the mean is highest where
    each query has its best order but those are taken out that would lower it, as far as they can be. A query that can
    be out can have its first hit at rank k as well, the lowest there is; so the mean is lowest with all of these in.

    Args:
        worst: (queries,) 1 / rank of the first hit with relevant items last in their ties, 0 beyond k.
        best: the same with relevant items first.
        k: ranks that count.

    Returns:
        Both, attained by an order; NaN where no order has a hit.
    """
    certain, possible = worst > 0, best > 0
    always = int(certain.sum())
    if not possible.any():
        return float("nan"), float("nan")
    lowest = np.where(certain, worst, 1 / k)[possible].mean()
    chosen = np.sort(best[possible & ~certain])[::-1]
    sums = best[certain].sum() + np.concatenate([[0.0], chosen.cumsum()])
    numbers = always + np.arange(len(sums))
    means = np.divide(sums, numbers, out=np.zeros(len(sums)), where=numbers > 0)
    return float(lowest), float(means.max())
