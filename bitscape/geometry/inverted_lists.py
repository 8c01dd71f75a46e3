"""Nearest neighbours in a large collection, nearly all of them, by FAISS's inverted lists."""

import numpy as np
from numpy.typing import NDArray

PROBES = 24  # lists that a query looks into
SAMPLES = 64  # photographs for each list from which the lists are learned
BLOCK = 4096  # queries searched at once


def listed_neighbours(
    queries: NDArray[np.float32], database: NDArray[np.float32], neighbours: int
) -> NDArray[np.int64]:
    """Find rows of `database` with the largest inner products, without comparing each query with each row.

    The rows are put into 4 sqrt(n) lists by k-means, and a query is compared with those of its nearest lists, so that
    the time grows with n^1.5 instead of n^2. A neighbour in another list is missed.

    Args:
        queries: (q, D) float32.
        database: (n, D) float32, rows of unit length.
        neighbours: how many, at most n.

    Returns:
        (q, neighbours) int64, nearest first.
    """
    import faiss

    lists = int(4 * np.sqrt(len(database)))
    index = faiss.IndexIVFFlat(
        faiss.IndexFlatIP(database.shape[1]), database.shape[1], lists, faiss.METRIC_INNER_PRODUCT
    )
    index.nprobe = PROBES
    index.train(np.ascontiguousarray(database[:: max(1, len(database) // (SAMPLES * lists))], np.float32))
    index.add(np.ascontiguousarray(database, np.float32))
    found = np.concatenate(
        [
            index.search(np.ascontiguousarray(queries[at : at + BLOCK], np.float32), neighbours)[1]
            for at in range(0, len(queries), BLOCK)
        ]
    )
    short = np.flatnonzero((found < 0).any(axis=1))
    if len(short):  # their lists hold too few
        exact = faiss.IndexFlatIP(database.shape[1])
        exact.add(np.ascontiguousarray(database, np.float32))
        found[short] = exact.search(np.ascontiguousarray(queries[short], np.float32), neighbours)[1]
    return found
