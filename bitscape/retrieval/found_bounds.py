"""The worst and the best order of the ties for average precision divided by the relevant items found in the first k.

There the order decides the divisor as well: a relevant item more at the end of the first k adds a small precision and
divides by one more. So neither "relevant first" nor "relevant last" need be an extreme. But for a given number x of
relevant items that come into the first k they are, and x has few values: the extreme is that of the best x.
"""

import numpy as np
from numpy.typing import NDArray

from bitscape.hamming.ties import harmonic_numbers
from bitscape.retrieval.graded import Graded

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def bounds_over_found(counted: Graded, k: int) -> tuple[Floats, Floats]:
    """Lowest and highest weighted average precision at `k`, over the relevant items found, of all orders of the ties.

    With grades of 0 and 1 it is average precision. Both are attained.

    Args:
        counted: items of each grade at each distance.
        k: ranks that count, at least 1.

    Returns:
        Two (queries,) float64; an order that brings no relevant item into the first k counts 0.
    """
    harmonic = harmonic_numbers(counted.items)
    both = [_bounds(counts, k, harmonic) for counts in counted.counts]
    worst, best = np.array(both).reshape(-1, 2).T
    return worst, best


def _bounds(counts: Ints, k: int, harmonic: Floats) -> tuple[float, float]:
    """Of one query, `counts` (distances, levels)."""
    grades = np.arange(counts.shape[1])
    items, relevant, sums = counts.sum(axis=1), counts[:, 1:].sum(axis=1), counts @ grades
    before, nearer = np.cumsum(items) - items, np.cumsum(sums) - sums
    whole = before + items <= k
    found = relevant[whole].sum()
    up, down = list(grades[1:]), list(grades[:0:-1])
    of_whole = (relevant[whole], nearer[whole], counts[whole])
    low = _sum(before[whole] + items[whole] - relevant[whole], *of_whole, up, harmonic).sum()
    high = _sum(before[whole], *of_whole, down, harmonic).sum()
    x = np.zeros(1, dtype=np.int64)
    cut = np.flatnonzero(~whole & (before < k))
    if len(cut):
        tie, kept = cut[0], k - before[cut[0]]
        x = np.arange(max(0, kept - counts[tie, 0]), min(relevant[tie], kept) + 1)
        of_cut = (x, nearer[tie], counts[tie])
        low = low + _sum(before[tie] + kept - x, *of_cut, up, harmonic)
        high = high + _sum(np.full_like(x, before[tie]), *of_cut, down, harmonic)
    divisor = np.maximum(found + x, 1)
    return float(np.min(low / divisor)), float(np.max(high / divisor))


def _sum(rank: Ints, x: Ints, nearer: Ints, counts: Ints, order: list[int], harmonic: Floats) -> Floats:
    """Sum of the mean grades so far at `x` relevant items in a row after `rank`, taken grade by grade in an order.

    At place j the grades add up to S + (j - t) g, S the sum and t the number of those before grade g is taken; the sum
    of (S + (j - t) g) / (rank + j) over j has harmonic numbers in it and no loop.
    """
    total: Floats = np.zeros(np.shape(x))
    taken, so_far = np.zeros_like(x), np.zeros_like(x) + nearer
    for grade in order:
        own = counts[..., grade]
        first, last = np.minimum(taken, x), np.minimum(taken + own, x)
        rise = harmonic[rank + last] - harmonic[rank + first]
        total = total + grade * (last - first) + (so_far - grade * (taken + rank)) * rise
        taken, so_far = taken + own, so_far + grade * own
    return total
