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


def precision_over_last_at(counts: Histograms, k: int) -> Floats:
    """Expected share of relevant items among the first `k` ranks, or up to the last relevant one where that is nearer.

    It is mP@k of revisited Oxford and Paris (`kq = min(max(pos), k)` in their code).

    Args:
        counts: items and relevant items at each distance.
        k: ranks that count, at least 1.

    Returns:
        (queries,) float64 in [0, 1]; 0 for a query without any relevant item.
    """
    precision, before, found = precision_at(counts, k), nearer(counts.items), nearer(counts.relevant)
    for query in np.flatnonzero(counts.relevant.any(axis=1)):
        tie = int(np.flatnonzero(counts.relevant[query])[-1])
        size, hits, ahead, sure = (int(part[query, tie]) for part in (counts.items, counts.relevant, before, found))
        kept = k - ahead
        if kept > 0:
            place = size - np.arange(size - hits + 1)  # of the last hit in the tie: of the first one, from behind
            inside = np.where(place <= kept, hits, (hits - 1) * kept / np.maximum(place - 1, 1))
            precision[query] = _first_places(size, hits) @ ((sure + inside) / np.minimum(ahead + place, k))
    return precision


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
            first = _first_places(size, hits)[:kept]
            chance[query] = 1.0 if kept == last else first.sum()
            reciprocal[query] = (first / (ahead + np.arange(1, kept + 1))).sum()
    return chance, reciprocal


def _first_places(size: int, hits: int) -> Floats:
    """Chance that the first of `hits` among `size` tied items is at place 1, 2, ... size - hits + 1."""
    place = np.arange(1, size - hits + 2)
    missed = np.cumprod((size - hits - place + 1) / (size - place + 1))  # no hit up to this place
    chance: Floats = np.concatenate([[1.0], missed[:-1]]) * hits / (size - place + 1)
    return chance
