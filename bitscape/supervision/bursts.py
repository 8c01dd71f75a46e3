"""Bursts in what is drawn by graded relevance: the same picture again would always be the best there is."""

import numpy as np
from numpy.typing import NDArray


def once(bursts: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw one photograph of each burst.

    Args:
        bursts: (n,) photographs of one number are near-duplicates of each other.
        rng: where no two have one number, nothing is drawn from it.

    Returns:
        (n,) which photographs stand for their burst.
    """
    _, first, counts = np.unique(bursts, return_index=True, return_counts=True)
    if (counts > 1).any():
        order = rng.permutation(len(bursts))
        first = order[np.unique(bursts[order], return_index=True)[1]]
    chosen = np.zeros(len(bursts), bool)
    chosen[first] = True
    return chosen


def shares(bursts: NDArray[np.int64]) -> NDArray[np.float32]:
    """(n,) float32 one over the size of each photograph's burst, so that a burst has the weight of one photograph."""
    _, number, counts = np.unique(bursts, return_inverse=True, return_counts=True)
    return (1 / counts)[number].astype(np.float32)


def own_burst(
    relevance: NDArray[np.integer] | NDArray[np.floating], queries: NDArray[np.int64], others: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Tell which photographs are of the query's own burst, where anything else is relevant to it.

    Args:
        relevance: (q, c) above 0 where relevant.
        queries: (q,) bursts of the queries.
        others: (c,) bursts of the others.

    Returns:
        (q, c) what to leave out. A query to which nothing but its burst is relevant keeps that.
    """
    own = queries[:, None] == others
    elsewhere = ((relevance > 0) & ~own).any(axis=1, keepdims=True)
    return np.asarray(own & elsewhere)
