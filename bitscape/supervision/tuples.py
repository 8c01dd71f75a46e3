"""Training tuples of a query, its positives and hard negatives, after Radenovic et al."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bitscape.supervision.supervision import Supervision

QUERIES_PER_BLOCK = 256

Rows = NDArray[np.int64]


class Pairs(NamedTuple):
    """The pairs of some tuples: each query with all else of its tuple.

    Attributes:
        images: (b,) the photographs of the tuples, tuple by tuple; one that is in several comes several times.
        left: (p,) the queries, and
        right: (p,) what they are compared with, as rows of `images`.
        similar: (p,) float32, 1 for positives, 0 for negatives.
    """

    images: Rows
    left: Rows
    right: Rows
    similar: NDArray[np.float32]

    @property
    def ends(self) -> Rows:
        """(2, p) the photographs of the left and the right ends."""
        return np.stack([self.images[self.left], self.images[self.right]])

    def shares(self) -> NDArray[np.float32]:
        """(2, p) float32 one over the number of ends that an end's photograph has: it counts once over all pairs."""
        _, numbers, counts = np.unique(self.ends, return_inverse=True, return_counts=True)
        return (1 / counts)[numbers].reshape(2, -1).astype(np.float32)


def pairs_of(tuples: Rows, positives: int) -> Pairs:
    """Compare each query with all else of its tuple.

    Args:
        tuples: (q, 1 + positives + negatives) photographs, -1 for none.
        positives: how many columns after the first.
    """
    there = tuples >= 0
    rows = np.cumsum(there).reshape(tuples.shape) - 1
    query, column = np.nonzero(there[:, 1:])
    similar = (column < positives).astype(np.float32)
    return Pairs(tuples[there], rows[query, 0], rows[:, 1:][query, column], similar)


def hardest_negatives(
    outputs: NDArray[np.float32], supervision: Supervision, queries: Rows, count: int, pool: Rows | None = None
) -> Rows:
    """Find the photographs of other clusters that are most like each query.

    The rule of Radenovic et al. (their released code, `hard_neg_remine`): candidates are of another cluster (a 3D
    model there) than the query, ranked by inner product of unit vectors, at most one of each cluster. Here a cluster is
    a set of labels, and clusters that share any label with the query are no candidates. Nor are photographs without a
    label or a model, for they may show the query's own place, except for those that are named as distractors.

    Args:
        outputs: (n, B) current network outputs, any length.
        supervision: clusters and labels of n photographs.
        queries: (q,) rows of `outputs`.
        count: negatives of a query.
        pool: (m,) the only candidates; all photographs where not given.

    Returns:
        (q, count) rows of `outputs`, hardest first; -1 where there are no more clusters.
    """
    unit = _unit(outputs)
    candidates = np.union1d(supervision.labelled, supervision.distractors)
    if pool is not None:
        candidates = np.intersect1d(pool, candidates)
    chosen = np.full((len(queries), count), -1, dtype=np.int64)
    if not len(candidates):
        return chosen
    clusters = supervision.clusters.astype(np.int64)
    clusters[supervision.distractors] = -1 - supervision.distractors
    names, members = np.unique(clusters[candidates], return_inverse=True)
    order = np.argsort(members, kind="stable")
    candidates = candidates[order]
    offered = unit[candidates]
    starts = np.append(np.searchsorted(members[order], np.arange(len(names))), len(candidates))
    for begin in range(0, len(queries), QUERIES_PER_BLOCK):
        block = queries[begin : begin + QUERIES_PER_BLOCK]
        similarity = unit[block] @ offered.T
        best = np.maximum.reduceat(similarity, starts[:-1], axis=1)
        best[supervision.shared(block, candidates[starts[:-1]]) > 0] = -np.inf
        ranked = np.argsort(-best, axis=1, kind="stable")[:, :count]
        for row, column in np.argwhere(np.isfinite(np.take_along_axis(best, ranked, axis=1))):
            cluster = ranked[row, column]
            within = similarity[row, starts[cluster] : starts[cluster + 1]]
            chosen[begin + row, column] = candidates[starts[cluster] + int(np.argmax(within))]
    return chosen


def hardest_strangers(outputs: NDArray[np.float32], supervision: Supervision, queries: Rows, count: int) -> Rows:
    """Find the photographs of a query's own 3D model that share no 3D point with it and are most like it.

    This is the project's own: the other side of a building is not what the query shows, though of one model with it.

    Args:
        outputs: (n, B) current network outputs, any length.
        supervision: clusters and overlap of n photographs.
        queries: (q,) rows of `outputs`.
        count: of each query.

    Returns:
        (q, count) rows of `outputs`, hardest first; -1 where there are no more.
    """
    unit, clusters = _unit(outputs), supervision.clusters
    chosen = np.full((len(queries), count), -1, dtype=np.int64)
    for row, query in enumerate(queries):
        family = np.flatnonzero(clusters == clusters[query]) if clusters[query] >= 0 else np.empty(0, np.int64)
        strangers = family[supervision.targets(queries[row : row + 1], family)[0] == 0]
        ranked = np.argsort(-(unit[strangers] @ unit[query]), kind="stable")[:count]
        chosen[row, : len(ranked)] = strangers[ranked]
    return chosen


def _unit(outputs: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(outputs, axis=1, keepdims=True)
    unit: NDArray[np.float32] = outputs / np.maximum(lengths, 1e-12)
    return unit
