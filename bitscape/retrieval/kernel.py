"""Distances and their histograms in one pass on all cores, compiled with numba.

Importing it costs a second, and the first call on a machine a compilation, which is why `hamming` asks for it where the
work is large alone. `cache=True` keeps what was compiled; where no folder can be written to, numba refuses the cache,
and it is compiled in each process.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, prange, types
from numba.core import cgutils
from numba.core.extending import intrinsic

BLOCK = 1 << 13
"""Items whose distances are held at once for a query; the codes of a block stay in the cache for all queries."""
LANES = 4
"""Histograms that are filled in turn: two equal distances in a row must not wait for each other."""


@intrinsic
def _popcount(_context: Any, word: Any) -> Any:  # pragma: no cover - runs in the compiler
    signature = types.uint64(types.uint64)

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        ctpop = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.IntType(64), [ir.IntType(64)]), "llvm.ctpop.i64"
        )
        return builder.call(ctpop, arguments)

    return signature, generate


def _compiled(function: Callable[..., None]) -> Callable[..., None]:
    try:
        return njit(parallel=True, cache=True, nogil=True)(function)
    except RuntimeError:  # no folder for the cache
        return njit(parallel=True, nogil=True)(function)


@_compiled
def count_segments(left, right, starts, stops, items, relevant):  # type: ignore[no-untyped-def]
    """Count all items at each distance, and those of a segment of the database, for each query.

    Args:
        left: (queries, words) uint64.
        right: (items, words) uint64.
        starts: (queries,) int64, the first item of the query's segment.
        stops: (queries,) int64, the one after its last.
        items: (queries, distances) int64, added to.
        relevant: the same, of the segment.
    """
    queries, words = left.shape
    width = items.shape[1]
    high = 16
    for part in prange((queries + high - 1) // high):
        found = np.empty(BLOCK, np.uint16)
        lanes = np.zeros((LANES, width), np.uint32)
        for begin in range(0, len(right), BLOCK):
            size = min(BLOCK, len(right) - begin)
            for query in range(part * high, min((part + 1) * high, queries)):
                if words == 1:
                    only = left[query, 0]
                    for item in range(size):
                        found[item] = _popcount(only ^ right[begin + item, 0])
                else:
                    for item in range(size):
                        total = np.uint64(0)
                        for word in range(words):
                            total += _popcount(left[query, word] ^ right[begin + item, word])
                        found[item] = total
                start = min(max(starts[query] - begin, 0), size)
                stop = min(max(stops[query] - begin, start), size)
                _fill(found, 0, start, lanes, items[query])
                _fill(found, start, stop, lanes, relevant[query])
                _fill(found, stop, size, lanes, items[query])
        for query in range(part * high, min((part + 1) * high, queries)):
            for distance in range(width):
                items[query, distance] += relevant[query, distance]


@njit(inline="always")
def _fill(found, start, stop, lanes, counts):  # type: ignore[no-untyped-def]
    """Add the histogram of `found[start:stop]` to `counts`, four distances at once."""
    if start == stop:
        return
    at = start
    while at + LANES <= stop:
        lanes[0, found[at]] += np.uint32(1)
        lanes[1, found[at + 1]] += np.uint32(1)
        lanes[2, found[at + 2]] += np.uint32(1)
        lanes[3, found[at + 3]] += np.uint32(1)
        at += LANES
    while at < stop:
        lanes[0, found[at]] += np.uint32(1)
        at += 1
    for distance in range(len(counts)):
        for lane in range(LANES):
            counts[distance] += np.int64(lanes[lane, distance])
            lanes[lane, distance] = np.uint32(0)


@_compiled
def count_pairs(left, right, offsets, columns, relevant):  # type: ignore[no-untyped-def]
    """Count the distances of listed pairs.

    Args:
        left: (queries, words) uint64.
        right: (items, words) uint64.
        offsets: (queries + 1,) where the pairs of each query begin in `columns`.
        columns: (pairs,) the item of each pair.
        relevant: (queries, distances) int64, added to.
    """
    queries, words = left.shape
    for query in prange(queries):
        for at in range(offsets[query], offsets[query + 1]):
            total = np.uint64(0)
            for word in range(words):
                total += _popcount(left[query, word] ^ right[columns[at], word])
            relevant[query, total] += 1
