"""Distances and their histograms in one pass on all cores, compiled with numba.

Importing it costs a second, and the first call on a machine some seconds of compilation, which is why `hamming` asks
for it only where the work is large. `cache=True` keeps what was compiled; where no folder can be written to, numba
refuses the cache, and it is compiled in each process. Threads are Python's, as the compiled code does not hold the lock
of the interpreter: numba's own `parallel` takes five times as long to compile.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.core.extending import intrinsic

BLOCK = 1 << 14
"""Items that all queries of a core are compared with in turn, so that their codes stay in the cache.

Each core fills four histograms in turn: of two equal distances in a row the second would wait for the first.
"""


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
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder for the cache
        return njit(nogil=True)(function)


def on_all_cores(count: Callable[..., None], queries: int, *arrays: Any) -> None:
    """Run a kernel for some queries on each core.

    Args:
        count: called as `count(first, last, *arrays)`.
        queries: how many there are.
        arrays: what the kernel reads and writes; each query has rows of its own.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    bounds = np.linspace(0, queries, 4 * cores + 1).astype(int)
    with ThreadPoolExecutor(cores) as pool:
        parts = [pool.submit(count, int(a), int(b), *arrays) for a, b in pairwise(bounds)]
        for part in parts:
            part.result()


@_compiled
def count_segments(first, last, left, right, starts, stops, items, relevant):  # type: ignore[no-untyped-def]
    """Count all items at each distance, and those of a segment of the database, for some queries.

    Args:
        first: the first query.
        last: the one after the last.
        left: (queries, words) uint64.
        right: (items, words) uint64.
        starts: (queries,) int64, the first item of the query's segment.
        stops: (queries,) int64, the one after its last.
        items: (queries, distances) int64, added to.
        relevant: the same, of the segment.
    """
    width = items.shape[1]
    lanes = (
        np.zeros(width, np.uint32),
        np.zeros(width, np.uint32),
        np.zeros(width, np.uint32),
        np.zeros(width, np.uint32),
    )
    for begin in range(0, len(right), BLOCK):
        end = min(begin + BLOCK, len(right))
        for query in range(first, last):
            start = min(max(starts[query], begin), end)
            stop = min(max(stops[query], start), end)
            _count(left[query], right, begin, start, lanes, items[query])
            _count(left[query], right, start, stop, lanes, relevant[query])
            _count(left[query], right, stop, end, lanes, items[query])
    for query in range(first, last):
        for distance in range(width):
            items[query, distance] += relevant[query, distance]


@_compiled
def _count(code, right, begin, end, lanes, counts):  # type: ignore[no-untyped-def]
    """Add the histogram of the distances to `right[begin:end]`, four histograms at once."""
    if begin == end:
        return
    one, two, three, four = lanes
    whole = end - (end - begin) % 4
    if right.shape[1] == 1:
        word = code[0]
        for at in range(begin, whole, 4):
            one[_popcount(word ^ right[at, 0])] += np.uint32(1)
            two[_popcount(word ^ right[at + 1, 0])] += np.uint32(1)
            three[_popcount(word ^ right[at + 2, 0])] += np.uint32(1)
            four[_popcount(word ^ right[at + 3, 0])] += np.uint32(1)
    else:
        for at in range(begin, whole, 4):
            one[_distance(code, right, at)] += np.uint32(1)
            two[_distance(code, right, at + 1)] += np.uint32(1)
            three[_distance(code, right, at + 2)] += np.uint32(1)
            four[_distance(code, right, at + 3)] += np.uint32(1)
    for at in range(whole, end):
        one[_distance(code, right, at)] += np.uint32(1)
    for distance in range(len(counts)):
        counts[distance] += np.int64(one[distance]) + two[distance] + three[distance] + four[distance]
    one[:], two[:], three[:], four[:] = np.uint32(0), np.uint32(0), np.uint32(0), np.uint32(0)


@_compiled
def _distance(code, right, item):  # type: ignore[no-untyped-def]
    if len(code) == 2:  # a loop of two rounds costs twice as much
        return _popcount(code[0] ^ right[item, 0]) + _popcount(code[1] ^ right[item, 1])
    total = np.uint64(0)
    for word in range(len(code)):
        total += _popcount(code[word] ^ right[item, word])
    return total


@_compiled
def count_pairs(first, last, left, right, offsets, columns, relevant):  # type: ignore[no-untyped-def]
    """Count the distances of listed pairs, for some queries.

    Args:
        first: the first query.
        last: the one after the last.
        left: (queries, words) uint64.
        right: (items, words) uint64.
        offsets: (queries + 1,) where the pairs of each query begin in `columns`.
        columns: (pairs,) the item of each pair.
        relevant: (queries, distances) int64, added to.
    """
    for query in range(first, last):
        for at in range(offsets[query], offsets[query + 1]):
            relevant[query, _distance(left[query], right, columns[at])] += 1
