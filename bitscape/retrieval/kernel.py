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
    words = left.shape[1]
    found = np.empty(BLOCK, np.uint16)
    lanes = np.zeros((LANES, items.shape[1]), np.uint32)
    for begin in range(0, len(right), BLOCK):
        size = min(BLOCK, len(right) - begin)
        for query in range(first, last):
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
            _fill(found[:start], lanes, items[query])
            _fill(found[start:stop], lanes, relevant[query])
            _fill(found[stop:size], lanes, items[query])
    for query in range(first, last):
        for distance in range(items.shape[1]):
            items[query, distance] += relevant[query, distance]


@_compiled
def _fill(found, lanes, counts):  # type: ignore[no-untyped-def]
    """Add the histogram of `found` to `counts`, four distances at once."""
    whole = len(found) - len(found) % LANES
    if len(found) == 0:
        return
    for at in range(0, whole, LANES):
        lanes[0, found[at]] += np.uint32(1)
        lanes[1, found[at + 1]] += np.uint32(1)
        lanes[2, found[at + 2]] += np.uint32(1)
        lanes[3, found[at + 3]] += np.uint32(1)
    for at in range(whole, len(found)):
        lanes[0, found[at]] += np.uint32(1)
    for distance in range(len(counts)):
        for lane in range(LANES):
            counts[distance] += np.int64(lanes[lane, distance])
            lanes[lane, distance] = np.uint32(0)


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
    words = left.shape[1]
    for query in range(first, last):
        for at in range(offsets[query], offsets[query + 1]):
            total = np.uint64(0)
            for word in range(words):
                total += _popcount(left[query, word] ^ right[columns[at], word])
            relevant[query, total] += 1
