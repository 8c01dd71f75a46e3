"""Triplets of a query, one photograph like it and one unlike it, drawn at random (1.4 of the specification of ATH)."""

import numpy as np
from numpy.typing import NDArray

from bitscape.supervision.bursts import own_burst, shares
from bitscape.supervision.supervision import Supervision

QUERIES_PER_BLOCK = 256  # targets of so many queries are held at once


def draw_triplets(supervision: Supervision, queries: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw one triplet for each query.

    The positive is uniform among the photographs that share a label, other than the query itself, the negative uniform
    among those that share none, the authors' rule where each photograph has one label. Photographs without label are
    not drawn. Graded by overlap (this project's), the probability of a positive is proportional to its overlap, and
    negatives are all photographs without overlap, of the same 3D model too. The photographs of a burst share the
    probability of one, and of the query's own none is drawn where any other is a positive (this project's, too).

    Args:
        supervision: what n training photographs have in common.
        queries: (q,) of them, labelled; one may come several times.
        rng: what is drawn depends on it alone.

    Returns:
        (t, 3) int64 of query, positive and negative, in the order of the queries; a query without any positive or any
        negative is left out.
    """
    others, bursts = supervision.labelled, supervision.bursts
    weight = shares(bursts)[others]
    blocks = [np.empty((0, 3), dtype=np.int64)]
    for start in range(0, len(queries), QUERIES_PER_BLOCK):
        block = queries[start : start + QUERIES_PER_BLOCK]
        alike = supervision.targets(block, others)
        unlike = alike == 0
        alike[block[:, None] == others] = 0
        alike[own_burst(alike, bursts[block], bursts[others])] = 0
        positives, negatives = _draw(alike * weight, rng), _draw(unlike * weight, rng)
        there = (positives >= 0) & (negatives >= 0)
        blocks.append(np.stack([block, others[positives], others[negatives]], axis=1)[there])
    return np.concatenate(blocks)


def balance_queries(
    supervision: Supervision, queries: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw as many queries again so that rare labels come as often as common ones (this project's proposal).

    Args:
        supervision: what n training photographs have in common.
        queries: (q,) of them, labelled.
        rng: what is drawn depends on it alone.

    Returns:
        (q,) drawn with replacement: first a label, then one of the `queries` that have it, each uniformly.
    """
    if not len(queries):
        return queries
    by_label = supervision.labels[queries].tocsc()
    sizes = np.diff(by_label.indptr)
    drawn = rng.choice(np.flatnonzero(sizes), len(queries))
    chosen: NDArray[np.int64] = queries[by_label.indices[by_label.indptr[drawn] + rng.integers(0, sizes[drawn])]]
    return chosen


def _draw(weights: NDArray[np.float32] | NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw a column of each row with probability proportional to its weight; -1 where all are 0."""
    below = np.cumsum(weights, axis=1, dtype=np.float64)
    total = below[:, -1:]
    # Rounded up to the total, a number would lie behind the last weight.
    numbers = np.minimum(rng.random((len(weights), 1)) * total, np.nextafter(total, 0))
    return np.where(total[:, 0] > 0, (below > numbers).argmax(axis=1), -1)
