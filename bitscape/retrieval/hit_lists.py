"""Metrics of ranked lists of hits, each named by its definition: those the authors of ATH coded, and the usual ones.

A hit list says of each rank whether the item there is relevant. Ranks must be without ties; for codes, whose distances
are nearly all tied, `average_precision` is the one to use. The pipeline does not report these; they are for comparison
with numbers that were published so. With `classes` a value is the mean over classes of the mean over the queries of
each (macro), else the mean over all queries (micro).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def hit_ratio_at_k(hits: ArrayLike, k: int, classes: ArrayLike | None = None) -> float:
    """Share of hits among the first k ranks, "mHR" (ATH, as coded): the mean precision at k.

    Args:
        hits: (Q, >= k) of 0 and 1, best rank first.
        k: ranks that count.
        classes: (Q,) class of each query, for the mean over classes; None for the mean over queries.
    """
    return _mean(_first(hits, k).mean(axis=1), classes)


def map_at_k_over_k(hits: ArrayLike, k: int, classes: ArrayLike | None = None) -> float:
    """Sum of the precisions at hits divided by k, however many hits there are (ATH, as coded)."""
    return _mean(_precisions_at_hits(hits, k) / k, classes)


def map_at_k_over_hits(hits: ArrayLike, k: int, classes: ArrayLike | None = None) -> float:
    """Sum of the precisions at hits divided by the hits in the first k; 0 without any. Usual."""
    return _mean(_precisions_at_hits(hits, k) / np.maximum(_first(hits, k).sum(axis=1), 1), classes)


def map_at_k_over_min(hits: ArrayLike, k: int, relevant: ArrayLike, classes: ArrayLike | None = None) -> float:
    """Sum of the precisions at hits divided by min(R, k), `relevant` the (Q,) relevant items R in all. Usual."""
    return _mean(_precisions_at_hits(hits, k) / np.clip(np.asarray(relevant), 1, k), classes)


def reciprocal_rank_of_hits_only(hits: ArrayLike, k: int, classes: ArrayLike | None = None) -> float:
    """1 / rank of the first hit, over queries with a hit in the first k; others are dropped (ATH, as coded).

    NaN where no query has a hit. A class without any such query is left out of the mean over classes.
    """
    ranks = _reciprocal_ranks(hits, k)
    return _mean(np.where(ranks > 0, ranks, np.nan), classes)


def reciprocal_rank(hits: ArrayLike, k: int, classes: ArrayLike | None = None) -> float:
    """1 / rank of the first hit, 0 for a query without a hit in the first k. Usual."""
    return _mean(_reciprocal_ranks(hits, k), classes)


def _first(hits: ArrayLike, k: int) -> Floats:
    lists = np.asarray(hits, dtype=np.float64)
    if lists.ndim != 2 or not 1 <= k <= lists.shape[1]:
        raise ValueError(f"hits must be (queries, ranks) with at least k = {k} >= 1 ranks; they are {lists.shape}")
    return lists[:, :k]


def _precisions_at_hits(hits: ArrayLike, k: int) -> Floats:
    lists = _first(hits, k)
    summed: Floats = (lists * np.cumsum(lists, axis=1) / np.arange(1, k + 1)).sum(axis=1)
    return summed


def _reciprocal_ranks(hits: ArrayLike, k: int) -> Floats:
    lists = _first(hits, k)
    return np.where(lists.any(axis=1), 1 / (1 + lists.argmax(axis=1)), 0.0)


def _mean(values: Floats, classes: ArrayLike | None) -> float:
    """Mean of the values that are there, of all queries or of the classes' means; NaN if there is none."""
    names = np.zeros(len(values)) if classes is None else np.asarray(classes)
    there = ~np.isnan(values)
    means = [float(values[there & (names == name)].mean()) for name in np.unique(names[there])]
    return float(np.mean(means)) if means else float("nan")
