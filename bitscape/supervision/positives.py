"""Queries and their positives, drawn at random from mined pairs or from labels (Radenovic et al.), and others."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bitscape.supervision.supervision import Supervision

QUERIES_PER_BLOCK = 256

Rows = NDArray[np.int64]


def draw_positives(supervision: Supervision, queries: int, positives: int, rng: np.random.Generator) -> Rows:
    """Draw queries and their positives at random.

    From 3D models, random pairs that were mined are drawn, as Radenovic et al. draw them, so that a photograph in many
    pairs is a query more often; further positives are others of the query's pairs. From landmarks and labels every
    photograph that shares a label with another is a query at most once, and its positives share a label with it.

    Args:
        supervision: pairs, or labels.
        queries: at most so many tuples.
        positives: at most so many of each query.
        rng: draws.

    Returns:
        (q, 1 + positives) photographs: the query, then its positives; -1 where there are no more.
    """
    n, mined, first = len(supervision.rows), None, None
    if supervision.source.startswith("geometry"):
        chosen, first = _shuffled_pairs(supervision, rng)[:queries].T
        mined = _mined(supervision) if positives > 1 else None
    else:
        chosen = rng.permutation(_with_company(supervision))[:queries]
    found = np.full((len(chosen), 1 + positives), -1, dtype=np.int64)
    found[:, 0] = chosen
    for begin in range(0, len(chosen), QUERIES_PER_BLOCK):
        block = slice(begin, begin + QUERIES_PER_BLOCK)
        numbers = rng.random((len(chosen[block]), n))  # also where none is looked at, so that what is drawn next stays
        if first is not None and mined is None:
            found[block, 1] = first[block]
            continue
        keys = np.where(_partners(supervision, chosen[block], mined), numbers, 2.0)
        if first is not None:
            keys[np.arange(len(keys)), first[block]] = -1  # the drawn pair's positive comes first
        kept = min(positives, n)
        ranked = np.argsort(keys, axis=1, kind="stable")[:, :kept] if kept > 1 else keys.argmin(axis=1)[:, None]
        found[block, 1 : 1 + kept] = np.where(np.take_along_axis(keys, ranked, axis=1) < 2, ranked, -1)
    return found


def draw_pairs(supervision: Supervision, rng: np.random.Generator) -> Rows:
    """Draw as many pairs as there are, (p, 2) of a query and a positive, as `draw_positives` draws them.

    From 3D models these are all mined pairs, in random order; else each photograph with one that shares a label.
    """
    if supervision.source.startswith("geometry"):
        return _shuffled_pairs(supervision, rng)
    return draw_positives(supervision, len(supervision.rows), 1, rng)


def _with_company(supervision: Supervision) -> Rows:
    """(m,) the photographs that share a label with another, ascending."""
    common = np.flatnonzero(supervision.labels.sum(axis=0) > 1)
    return np.flatnonzero(np.diff(supervision.labels[:, common].indptr))


def _shuffled_pairs(supervision: Supervision, rng: np.random.Generator) -> Rows:
    """(p, 2) the mined pairs in random order."""
    pairs: Rows = supervision.pairs[["query", "positive"]].to_numpy(np.int64)
    return pairs[rng.permutation(len(pairs))]


def _mined(supervision: Supervision) -> sparse.csr_array:
    """(n, n) int8 above 0 where a pair was mined."""
    n = len(supervision.rows)
    ends = supervision.pairs[["query", "positive"]].to_numpy(np.int64).T
    return sparse.csr_array((np.ones(ends.shape[1], dtype=np.int8), tuple(ends)), shape=(n, n))


def _partners(supervision: Supervision, queries: Rows, mined: sparse.csr_array | None) -> NDArray[np.bool_]:
    """(q, n) which photographs are positives of each query: by the mined pairs, or by labels where there are none."""
    if mined is not None:
        partners: NDArray[np.bool_] = mined[queries].toarray() > 0
    else:
        partners = supervision.shared(queries, np.arange(len(supervision.rows))) > 0
    partners[np.arange(len(queries)), queries] = False
    return partners


def filled_up(images: Rows, rows: int, size: int, rng: np.random.Generator) -> Rows:
    """Add photographs drawn at random to those of a batch.

    Args:
        images: (b,) photographs, some of them several times.
        rows: how many photographs there are.
        size: photographs of the batch, or all where there are fewer.
        rng: draws.

    Returns:
        (c,) each photograph once, ascending; `images` alone where they are that many already.
    """
    own = np.unique(images)
    others = np.setdiff1d(np.arange(rows), own, assume_unique=True)
    return np.sort(np.concatenate([own, rng.permutation(others)[: max(0, size - len(own))]]))
