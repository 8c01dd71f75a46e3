"""The order within a tie: the best, the worst, and the one in which items happen to be stored."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bitscape.hamming.codes import Codes
from bitscape.hamming.junk import JUNK
from bitscape.hamming.ranking import distances
from bitscape.retrieval.graded import Graded

SPLIT = 1 << 21
"""Numbers of split ties that are held at once, 8 bytes each."""


def best_order(counted: Graded) -> Graded:
    """Split each tie by grade, the highest first: what no order of the ties exceeds.

    Args:
        counted: (queries, distances, levels) items of each grade at each distance.

    Returns:
        (queries, distances * levels, levels), items of one grade in each tie.
    """
    return _split(counted, -1)


def worst_order(counted: Graded) -> Graded:
    """Split each tie by grade, the lowest first: what every order of the ties reaches."""
    return _split(counted, 1)


def first_come(query: Codes, database: Codes, grades: NDArray[np.int32]) -> Graded:
    """Rank as most published code does: by a stable sort, tied items in the order in which they are stored.

    Args:
        query: (bits / 8,) uint8, one code.
        database: (items, bits / 8) uint8.
        grades: (items,) grade of each item, `JUNK` for those that are taken out.

    Returns:
        (1, items, levels), a tie for each item.
    """
    away = distances(query[None], database)[0]
    kept = grades != JUNK
    ranked = grades[kept][np.argsort(away[kept], kind="stable")]
    return Graded(np.eye(int(grades.max(initial=0)) + 1, dtype=np.int64)[ranked][None])


def in_blocks(counted: Graded) -> Iterator[Graded]:
    """Yield some queries at once, as splitting ties multiplies memory by the levels."""
    _, ties, levels = counted.counts.shape
    size = max(1, SPLIT // (ties * levels**2))
    for start in range(0, len(counted.counts), size):
        yield Graded(counted.counts[start : start + size])


def _split(counted: Graded, step: int) -> Graded:
    queries, ties, levels = counted.counts.shape
    groups = counted.counts[:, :, :, None] * np.eye(levels, dtype=np.int64)
    return Graded(groups[:, :, ::step].reshape(queries, ties * levels, levels))
