"""Which pairs of photographs are worth matching."""

import numpy as np
from numpy.typing import NDArray

from bitscape.geometry.inverted_lists import listed_neighbours

EXACT = 20_000  # photographs; comparing all with all grows with the square
BLOCK = 4096  # queries searched at once; the scores of a block are the largest thing in memory


def candidate_pairs(descriptors: NDArray[np.float32], exhaustive_below: int, neighbours: int) -> NDArray[np.int64]:
    """Choose the pairs to match: all of a small collection, the nearest by descriptor of a larger one.

    The number of pairs is at most `n * neighbours`, so that matching grows linearly with the collection.

    Args:
        descriptors: (n, D) float32, rows of unit length.
        exhaustive_below: up to so many photographs every pair is a candidate.
        neighbours: above it, the nearest by inner product that each photograph is matched with.

    Returns:
        (m, 2) int64, rows `i < j` of positions in `descriptors`, unique and sorted.
    """
    count = len(descriptors)
    if count <= max(exhaustive_below, 1):
        return np.stack(np.triu_indices(count, k=1), axis=1).astype(np.int64)
    nearest = nearest_neighbours(descriptors, descriptors, min(neighbours + 1, count))
    first = np.repeat(np.arange(count), nearest.shape[1])
    second = nearest.ravel()
    # A duplicate may push the photograph itself out of its own first place, so it is looked for in the whole row.
    itself = (first == second).reshape(nearest.shape)
    surplus = np.zeros_like(itself)
    surplus[~itself.any(axis=1), -1] = True
    keep = ~(itself | surplus).ravel()
    pairs = np.sort(np.stack([first[keep], second[keep]], axis=1), axis=1)
    return np.unique(pairs, axis=0)


def nearest_neighbours(
    queries: NDArray[np.float32], database: NDArray[np.float32], neighbours: int
) -> NDArray[np.int64]:
    """Find the rows of `database` with the largest inner products, block by block.

    Up to `EXACT` rows all are compared; above, see `listed_neighbours`, some neighbours are missed.

    Args:
        queries: (q, D) float32.
        database: (n, D) float32.
        neighbours: how many; at most n are returned.

    Returns:
        (q, min(neighbours, n)) int64, nearest first.
    """
    import faiss

    if not len(queries) or not len(database):
        return np.empty((len(queries), 0), np.int64)
    if len(database) > EXACT:
        return listed_neighbours(queries, database, min(neighbours, len(database)))
    index = faiss.IndexFlatIP(database.shape[1])
    index.add(np.ascontiguousarray(database, np.float32))
    wanted = min(neighbours, len(database))
    blocks = range(0, len(queries), BLOCK)
    found = [index.search(np.ascontiguousarray(queries[at : at + BLOCK], np.float32), wanted)[1] for at in blocks]
    return np.concatenate(found)
