"""Average precision as the area under straight lines, which Oxford, Paris and Holidays are measured with.

The scripts of these sets add (p0 + p1) / 2 for each relevant item, p1 the precision at its rank and p0 that just
before it, where the others add p1 alone. The two
differ most where there are few relevant items; they must not be mixed.
"""

import numpy as np
from numpy.typing import NDArray

from bitscape.hamming.average_precision import expected
from bitscape.hamming.ranking import Histograms
from bitscape.hamming.ties import harmonic_numbers, nearer, ratio

Floats = NDArray[np.float64]


def expected_trapezoid(counts: Histograms) -> Floats:
    """Expected trapezoidal average precision of each query over all orders of the ties.

    Args:
        counts: items and relevant items at each distance, without junk (see `Grades`).

    Returns:
        (queries,) float64 in [0, 1]; 0 for a query without any relevant item.
    """
    n, r = counts.items, counts.relevant
    before, found, harmonic = nearer(n), nearer(r), harmonic_numbers(n)
    # Just before place p of a tie, N + p - 1 items hold R' + (p - 1) a hits: the sum over p of that share.
    slope = np.maximum(r - 1, 0) / np.maximum(n - 1, 1)
    rise = harmonic[np.maximum(before + n - 1, 0)] - harmonic[np.maximum(before - 1, 0)]
    later = slope * n + (found - slope * before) * rise
    at_the_top = 1 + slope * (n - 1)  # nothing is before the first rank: its p0 is 1 by definition
    sums = r / np.maximum(n, 1) * np.where(before > 0, later, at_the_top)
    return (ratio(sums.sum(axis=1), r.sum(axis=1)) + expected(counts)) / 2
