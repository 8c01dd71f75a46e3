"""Hamming distances of packed codes, in blocks, and how many items lie at each distance."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bitscape.core.errors import BitscapeError
from bitscape.hamming.codes import Codes, validate
from bitscape.hamming.junk import JUNK

if TYPE_CHECKING:
    from scipy.sparse import csr_array

BLOCK = 1 << 20
"""Pairs of codes that are compared at once; about 20 bytes of memory each."""
COMPILED_FROM = 1 << 28
"""Words to compare from which loading and compiling `kernel` pays: numpy takes some seconds for so many."""


class Histograms(NamedTuple):
    """What any measure of a ranking by Hamming distance needs; items at one distance are tied.

    Attributes:
        items: (queries, bits + 1) int64, the database items at each distance from each query.
        relevant: (queries, bits + 1) int64, how many of them are relevant.
    """

    items: NDArray[np.int64]
    relevant: NDArray[np.int64]


def distances(queries: Codes, database: Codes) -> NDArray[np.uint16]:
    """All distances between a few queries and the database.

    Args:
        queries: (queries, bits / 8) uint8; few, as the whole matrix is returned.
        database: (items, bits / 8) uint8.

    Returns:
        (queries, items) uint16.

    Raises:
        BitscapeError: if these are no packed codes, or of different lengths.
    """
    left, right = _words(queries, database)
    result = np.empty((len(left), len(right)), dtype=np.uint16)
    for rows, columns in _blocks(len(left), len(right)):
        result[rows, columns] = _distances(left[rows], right[columns])
    return result


def histograms(queries: Codes, database: Codes, relevance: "csr_array") -> Histograms:
    """Count items and relevant items at each distance from each query.

    Memory is that of the histograms and of one block of pairs, never queries x database.

    Args:
        queries: (queries, bits / 8) uint8.
        database: (items, bits / 8) uint8.
        relevance: sparse (queries, items) grades; a grade above 0 is relevant, `JUNK` is not counted at all.

    Returns:
        The two histograms.

    Raises:
        BitscapeError: if these are no packed codes, or the shapes do not fit together.
    """
    left, right = _words(queries, database)
    if relevance.shape != (len(left), len(right)):
        raise BitscapeError(
            f"The relevance has the shape {relevance.shape}, but there are {len(left)} queries and {len(right)} items "
            "in the database; codes and relevance are of different collections, run `dvc repro`."
        )
    width = queries.shape[1] * 8 + 1
    nothing = np.zeros(len(left), dtype=np.int64)
    items = _segments(left, right, nothing, nothing, width).items
    if relevance.data.min(initial=0) < 0:
        items -= _count_pairs(left, right, relevance == JUNK, width)
    return Histograms(items, _count_pairs(left, right, relevance > 0, width))


def class_histograms(
    queries: Codes, database: Codes, query_classes: NDArray[np.int64], item_classes: NDArray[np.int64]
) -> Histograms:
    """Count items, and items of the query's class, at each distance from each query.

    The database is put in the order of its classes first, so that no pair is ever looked up: the relevant items are a
    stretch of it. Memory is that of one more copy of the codes, of the histograms and of one block.

    Args:
        queries: (queries, bits / 8) uint8.
        database: (items, bits / 8) uint8.
        query_classes: (queries,) integers.
        item_classes: (items,) integers.

    Returns:
        The two histograms.

    Raises:
        BitscapeError: if these are no packed codes, or the shapes do not fit together.
    """
    left, right = _words(queries, database)
    for name, codes, classes in (("The query set", left, query_classes), ("The database", right, item_classes)):
        if len(codes) != len(classes):
            raise BitscapeError(f"{name} has {len(codes)} codes and {len(classes)} classes; each code needs one.")
    order = np.argsort(_narrow(item_classes), kind="stable")
    ordered = item_classes[order]
    starts, stops = (np.searchsorted(ordered, query_classes, side) for side in ("left", "right"))
    return _segments(left, right[order], starts, stops, queries.shape[1] * 8 + 1)


def _count_pairs(
    left: NDArray[np.uint64], right: NDArray[np.uint64], pairs: "csr_array", width: int
) -> NDArray[np.int64]:
    """Count some pairs of a query and an item at each distance."""
    pairs, counts = pairs.tocsr(), np.zeros((len(left), width), dtype=np.int64)
    if _large(left, right):
        from bitscape.hamming.kernel import count_pairs, on_all_cores

        on_all_cores(count_pairs, len(left), left, right, pairs.indptr.astype(np.int64), pairs.indices, counts)
        return counts
    row = np.repeat(np.arange(len(left)), np.diff(pairs.indptr))
    for start in range(0, pairs.nnz, BLOCK):
        asked, found = row[start : start + BLOCK], pairs.indices[start : start + BLOCK]
        distance = np.bitwise_count(left[asked] ^ right[found]).sum(axis=1, dtype=np.int64)
        counts += np.bincount(asked * width + distance, minlength=counts.size).reshape(counts.shape)
    return counts


def _narrow(classes: NDArray[np.int64]) -> NDArray[np.int64] | NDArray[np.uint16]:
    """Keep the order of the classes in 16 bits where they fit, which numpy sorts in linear time."""
    if len(classes) == 0 or int(classes.max()) - int(classes.min()) > np.iinfo(np.uint16).max:
        return classes
    return (classes - classes.min()).astype(np.uint16)


def _large(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> bool:
    return left.size * len(right) >= COMPILED_FROM


def _segments(
    left: NDArray[np.uint64],
    right: NDArray[np.uint64],
    starts: NDArray[np.intp],
    stops: NDArray[np.intp],
    width: int,
) -> Histograms:
    """Count all items, and those of one stretch of the database for each query, at each distance."""
    items, relevant = np.zeros((2, len(left), width), dtype=np.int64)
    if _large(left, right):
        from bitscape.hamming.bit_planes import count_segments
        from bitscape.hamming.kernel import on_all_cores

        on_all_cores(count_segments, len(left), left, right, starts, stops, items, relevant)
        return Histograms(items, relevant)
    for rows, columns in _blocks(len(left), len(right)):
        found = _distances(left[rows], right[columns])
        for query, line in zip(range(rows.start, rows.stop), found, strict=True):
            items[query] += np.bincount(line, minlength=width)
            start, stop = np.clip((starts[query] - columns.start, stops[query] - columns.start), 0, len(line))
            if start < stop:
                relevant[query] += np.bincount(line[start:stop], minlength=width)
    return Histograms(items, relevant)


def _words(queries: Codes, database: Codes) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """View both sets of codes as 64-bit words, padded with zeros, which add nothing to a distance."""
    queries, database = validate(queries, "The codes of the queries"), validate(database, "The codes of the database")
    if queries.shape[1] != database.shape[1]:
        raise BitscapeError(
            f"The queries have {queries.shape[1] * 8} bits and the database {database.shape[1] * 8}; "
            "encode both with the same model."
        )
    padding = ((0, 0), (0, -queries.shape[1] % 8))
    left, right = (np.ascontiguousarray(np.pad(codes, padding)) for codes in (queries, database))
    return left.view(np.uint64), right.view(np.uint64)


def _blocks(rows: int, columns: int) -> Iterator[tuple[slice, slice]]:
    """Cut a matrix into blocks of at most `BLOCK` pairs, whole rows where they fit."""
    wide = min(columns, BLOCK) or 1
    high = max(1, BLOCK // wide)
    for top in range(0, rows, high):
        for left in range(0, columns, wide):
            yield slice(top, min(top + high, rows)), slice(left, min(left + wide, columns))


def _distances(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """Distances of one block, word by word so that no third axis is held."""
    total = np.zeros((len(left), len(right)), dtype=np.uint16)
    for word in range(left.shape[1]):
        total += np.bitwise_count(left[:, word, None] ^ right[None, :, word])
    return total
