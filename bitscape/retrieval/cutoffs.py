"""Measures of the first k ranks where items are tied, each the expectation over all orders of the ties.

Within a tie that k cuts, the hits among the ranks that are kept are hypergeometric: those of m items drawn without
putting back from n tied ones, r of them relevant.
"""

import numpy as np
from numpy.typing import NDArray

from bitscape.hamming.ranking import Histograms
from bitscape.hamming.ties import nearer

Floats = NDArray[np.float64]


def precision_at(counts: Histograms, k: int) -> Floats:
    """Expected share of relevant items among the first `k` ranks; ranks beyond the database count as misses.

    It is what the authors of ATH call the hit ratio (mHR@k).

    Args:
        counts: items and relevant items at each distance.
        k: ranks that count, at least 1.

    Returns:
        (queries,) float64 in [0, 1].
    """
    return _hits(counts, k) / k


def recall_at(counts: Histograms, k: int) -> Floats:
    """Expected share of all relevant items that are among the first `k` ranks; 0 for a query without any.

    Args:
        counts: items and relevant items at each distance.
        k: ranks that count, at least 1.

    Returns:
        (queries,) float64 in [0, 1].
    """
    return _hits(counts, k) / np.maximum(counts.relevant.sum(axis=1), 1)


def hit_rate_at(counts: Histograms, k: int) -> Floats:
    """Chance that at least one relevant item is among the first `k` ranks: the textbooks' hit rate, or success at k.

    Args:
        counts: items and relevant items at each distance.
        k: ranks that count, at least 1.

    Returns:
        (queries,) float64 in [0, 1].
    """
    return _first_hits(counts, k)[0]


def reciprocal_rank_at(counts: Histograms, k: int | None = None) -> Floats:
    """Expected 1 / rank of the first relevant item; an order that has none among the first `k` ranks counts 0.

    Args:
        counts: items and relevant items at each distance.
        k: ranks that count, at least 1; None for all.

    Returns:
        (queries,) float64 in [0, 1].
    """
    return _first_hits(counts, k)[1]


def _hits(counts: Histograms, k: int) -> Floats:
    kept = np.clip(k - nearer(counts.items), 0, counts.items)
    expected: Floats = (counts.relevant * (kept / np.maximum(counts.items, 1))).sum(axis=1)
    return expected


def _first_hits(counts: Histograms, k: int | None) -> tuple[Floats, Floats]:
    """Chance of a hit among the first `k` ranks, and expected 1 / rank of the first one."""
    before = nearer(counts.items)
    chance, reciprocal = np.zeros((2, len(before)))
    for query in np.flatnonzero(counts.relevant.any(axis=1)):
        tie = int((counts.relevant[query] > 0).argmax())
        size, hits, ahead = (int(part[query, tie]) for part in (counts.items, counts.relevant, before))
        last = size - hits + 1  # the latest place in the tie at which the first hit can be
        kept = last if k is None else min(last, k - ahead)
        if kept > 0:
            place = np.arange(1, kept + 1)
            missed = np.cumprod((size - hits - place + 1) / (size - place + 1))  # no hit up to this place
            first = np.concatenate([[1.0], missed[:-1]]) * hits / (size - place + 1)
            chance[query] = 1.0 if kept == last else 1 - missed[-1]
            reciprocal[query] = (first / (ahead + place)).sum()
    return chance, reciprocal
