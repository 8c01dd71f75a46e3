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
"""Items that all queries of a core are compared with in turn, so that their codes stay in the cache."""
TOGETHER = 8
"""Queries that are compared with each item in one go, each with a histogram of its own: an item is loaded once for all,
and no count waits for the one before it, as it would where two items in a row are at the same distance."""


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
    bounds = np.linspace(0, -(-queries // TOGETHER), 4 * cores + 1).astype(int) * TOGETHER
    bounds[-1] = queries
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
    lanes = np.zeros((TOGETHER, items.shape[1]), np.uint32)
    whole = first + (last - first) // TOGETHER * TOGETHER
    for begin in range(0, len(right), BLOCK):
        end = min(begin + BLOCK, len(right))
        for group in range(first, whole, TOGETHER):
            _count_together(left, group, right, begin, end, lanes, items)
        for query in range(first, last):
            start = min(max(starts[query], begin), end)
            stop = min(max(stops[query], start), end)
            _count_alone(left[query], right, start, stop, lanes, relevant[query])
            if query >= whole:
                _count_alone(left[query], right, begin, end, lanes, items[query])


@_compiled
def _count_together(left, group, right, begin, end, lanes, counts):  # type: ignore[no-untyped-def]
    """Add the histograms of the distances of eight queries to `right[begin:end]`."""
    h0, h1, h2, h3, h4, h5, h6, h7 = lanes[0], lanes[1], lanes[2], lanes[3], lanes[4], lanes[5], lanes[6], lanes[7]
    one = np.uint32(1)
    if left.shape[1] == 1:  # held, as the compiler cannot know that no count is stored over them
        q0, q1, q2, q3 = left[group, 0], left[group + 1, 0], left[group + 2, 0], left[group + 3, 0]
        q4, q5, q6, q7 = left[group + 4, 0], left[group + 5, 0], left[group + 6, 0], left[group + 7, 0]
        for at in range(begin, end):
            word = right[at, 0]
            h0[_popcount(q0 ^ word)] += one
            h1[_popcount(q1 ^ word)] += one
            h2[_popcount(q2 ^ word)] += one
            h3[_popcount(q3 ^ word)] += one
            h4[_popcount(q4 ^ word)] += one
            h5[_popcount(q5 ^ word)] += one
            h6[_popcount(q6 ^ word)] += one
            h7[_popcount(q7 ^ word)] += one
    else:
        for at in range(begin, end):
            d0 = d1 = d2 = d3 = d4 = d5 = d6 = d7 = np.uint64(0)
            for place in range(left.shape[1]):
                word = right[at, place]
                d0 += _popcount(left[group, place] ^ word)
                d1 += _popcount(left[group + 1, place] ^ word)
                d2 += _popcount(left[group + 2, place] ^ word)
                d3 += _popcount(left[group + 3, place] ^ word)
                d4 += _popcount(left[group + 4, place] ^ word)
                d5 += _popcount(left[group + 5, place] ^ word)
                d6 += _popcount(left[group + 6, place] ^ word)
                d7 += _popcount(left[group + 7, place] ^ word)
            h0[d0] += one
            h1[d1] += one
            h2[d2] += one
            h3[d3] += one
            h4[d4] += one
            h5[d5] += one
            h6[d6] += one
            h7[d7] += one
    for place in range(TOGETHER):
        for distance in range(lanes.shape[1]):
            counts[group + place, distance] += np.int64(lanes[place, distance])
    lanes[:] = np.uint32(0)


@_compiled
def _count_alone(code, right, begin, end, lanes, counts):  # type: ignore[no-untyped-def]
    """Add the histogram of the distances of one query; four histograms are filled in turn."""
    if begin == end:
        return
    h0, h1, h2, h3 = lanes[0], lanes[1], lanes[2], lanes[3]
    one = np.uint32(1)
    whole = end - (end - begin) % 4
    if len(code) == 1:
        word = code[0]  # held, as the compiler cannot know that no count is stored over it
        for at in range(begin, whole, 4):
            h0[_popcount(word ^ right[at, 0])] += one
            h1[_popcount(word ^ right[at + 1, 0])] += one
            h2[_popcount(word ^ right[at + 2, 0])] += one
            h3[_popcount(word ^ right[at + 3, 0])] += one
    else:
        for at in range(begin, whole, 4):
            h0[_distance(code, right, at)] += one
            h1[_distance(code, right, at + 1)] += one
            h2[_distance(code, right, at + 2)] += one
            h3[_distance(code, right, at + 3)] += one
    for at in range(whole, end):
        h0[_distance(code, right, at)] += one
    for distance in range(len(counts)):
        counts[distance] += np.int64(h0[distance]) + h1[distance] + h2[distance] + h3[distance]
    lanes[:4] = np.uint32(0)


@_compiled
def _distance(code, right, item):  # type: ignore[no-untyped-def]
    if len(code) == 2:  # a loop of two rounds costs more
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
