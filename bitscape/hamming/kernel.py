"""Distances of packed codes on all cores, compiled with numba.

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

SHARE = 200
"""Queries at a time that make up for what a kernel prepares of the database, which each call does anew."""


@intrinsic
def popcount(_context: Any, word: Any) -> Any:  # pragma: no cover - runs in the compiler
    """Count the ones of a uint64 by the instruction of the processor, as uint64."""
    signature = types.uint64(types.uint64)

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        ctpop = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.IntType(64), [ir.IntType(64)]), "llvm.ctpop.i64"
        )
        return builder.call(ctpop, arguments)

    return signature, generate


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function at its first call, and keep it for the next process where a folder can be written to."""
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
    turns = min(max(queries // (cores * SHARE), 1), 4)  # several, lest all wait for a core that is slow
    bounds = np.linspace(0, queries, cores * turns + 1).astype(int)
    with ThreadPoolExecutor(cores) as pool:
        parts = [pool.submit(count, int(a), int(b), *arrays) for a, b in pairwise(bounds)]
        for part in parts:
            part.result()


@compiled
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
            distance = np.uint64(0)
            for word in range(left.shape[1]):
                distance += popcount(left[query, word] ^ right[columns[at], word])
            relevant[query, distance] += 1
