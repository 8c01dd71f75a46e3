"""Average precision where items are tied: its expectation over a random order of the ties, and its bounds.

Codes of B bits have only B + 1 distances, so most items are tied and the order within a tie is an accident of storage.
The expectation is that of McSherry and Najork, "Computing information retrieval performance measures efficiently in
the presence of tied scores" (ECIR 2008); the formulae are derived in docs/metrics.md and tested against the
enumeration of all orders.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bitscape.hamming.ranking import Histograms
from bitscape.hamming.ties import harmonic_numbers, hypergeometric, nearer, ratio

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Denominator = Literal["min_rk", "found", "all"]
"""What the sum of precisions of AP@k is divided by: min(R, k), the relevant items found in the top k, or R."""


def expected(counts: Histograms) -> Floats:
    """Expected average precision of each query over all orders of the ties.

    Args:
        counts: items and relevant items at each distance.

    Returns:
        (queries,) float64 in [0, 1]; 0 for a query without any relevant item.
    """
    before, found, harmonic = nearer(counts.items), nearer(counts.relevant), harmonic_numbers(counts.items)
    precisions = _expected_precisions(counts.items, counts.items, counts.relevant, before, found, harmonic)
    return ratio(precisions.sum(axis=1), counts.relevant.sum(axis=1))


def bounds(counts: Histograms) -> tuple[Floats, Floats]:
    """Average precision of each query with every tie in the worst and in the best order.

    Args:
        counts: items and relevant items at each distance.

    Returns:
        Two (queries,) float64: relevant items last within their tie, and first.
    """
    before, found, harmonic = nearer(counts.items), nearer(counts.relevant), harmonic_numbers(counts.items)
    total = counts.relevant.sum(axis=1)

    def precisions(irrelevant_first: Ints) -> Floats:
        rank = before + irrelevant_first
        rise = harmonic[rank + counts.relevant] - harmonic[rank]
        return (counts.relevant + (found - rank) * rise).sum(axis=1)

    worst, best = precisions(counts.items - counts.relevant), precisions(np.zeros_like(counts.items))
    return ratio(worst, total), ratio(best, total)


def expected_at(counts: Histograms, k: int, denominator: Denominator = "min_rk") -> Floats:
    """Expected average precision of the first `k` ranks over all orders of the ties, exact where k cuts a tie.

    Args:
        counts: items and relevant items at each distance.
        k: ranks that count, at least 1.
        denominator: what the sum of precisions at the ranks of relevant items is divided by.

    Returns:
        (queries,) float64 in [0, 1]; 0 for a query without any relevant item. With `found` an order of the ties that
        brings none into the top k counts 0.
    """
    before, found, harmonic = nearer(counts.items), nearer(counts.relevant), harmonic_numbers(counts.items)
    kept = np.clip(k - before, 0, counts.items)
    precisions = _expected_precisions(kept, counts.items, counts.relevant, before, found, harmonic)
    total = counts.relevant.sum(axis=1)
    if denominator == "all":
        return ratio(precisions.sum(axis=1), total)
    if denominator == "min_rk":
        return ratio(precisions.sum(axis=1), np.minimum(total, k))
    rows = zip(counts.items, counts.relevant, kept, before, found, precisions, strict=True)
    return np.array([_over_found(n, r, m, N, R, done, harmonic) for n, r, m, N, R, done in rows])


def _over_found(
    items: Ints, relevant: Ints, kept: Ints, before: Ints, found: Ints, precisions: Floats, harmonic: Floats
) -> float:
    """AP@k of one query over the relevant items found, whose number is hypergeometric where k cuts a tie."""
    cut = np.flatnonzero((kept > 0) & (kept < items))
    if len(cut) == 0:
        return float(ratio(precisions.sum(keepdims=True), relevant[kept > 0].sum(keepdims=True))[0])
    tie = cut[0]
    size, hits, drawn = int(items[tie]), int(relevant[tie]), int(kept[tie])
    x, probability = hypergeometric(size, hits, drawn)
    full = np.full_like(x, drawn)
    inside = _expected_precisions(full, full, x, full * 0 + before[tie], full * 0 + found[tie], harmonic)
    return float(probability @ ratio(precisions[:tie].sum() + inside, found[tie] + x))


def _expected_precisions(kept: Ints, n: Ints, r: Ints, before: Ints, found: Ints, harmonic: Floats) -> Floats:
    """Expected sum of precisions at relevant items among the first `kept` of `n` tied items, `r` of them relevant."""
    slope = np.maximum(r - 1, 0) / np.maximum(n - 1, 1)
    rise = harmonic[before + kept] - harmonic[before]
    return r / np.maximum(n, 1) * ((found + 1 - slope * (before + 1)) * rise + slope * kept)
