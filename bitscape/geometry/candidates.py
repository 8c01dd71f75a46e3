"""Which pairs of photographs are worth matching before anything is known but their descriptors and names."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry.inverted_lists import listed_neighbours

EXACT = 20_000  # photographs; comparing all with all grows with the square
BLOCK = 4096  # queries searched at once; the scores of a block are the largest thing in memory


def candidate_pairs(names: Sequence[str], descriptors: NDArray[np.float32], settings: Reconstruct) -> NDArray[np.int64]:
    """Choose the pairs to match first: the union of `strategies`, or all pairs of a small collection.

    Args:
        names: (n,) paths with `/`; `sequential` takes those of a folder in their order.
        descriptors: (n, D) float32, rows of unit length.
        settings: `strategies`, `exhaustive_below`, `neighbours` and `window`.

    Returns:
        (m, 2) int64, rows `i < j` of positions, unique and sorted; without `exhaustive` at most
        `n * (neighbours + window)` rows.
    """
    count = len(descriptors)
    if count <= max(settings.exhaustive_below, 1) or "exhaustive" in settings.strategies:
        return np.stack(np.triu_indices(count, k=1), axis=1).astype(np.int64)
    chosen = [np.empty((0, 2), np.int64)]
    if "neighbours" in settings.strategies:
        chosen.append(neighbour_pairs(descriptors, settings.neighbours))
    if "sequential" in settings.strategies:
        chosen.append(sequential_pairs(names, settings.window))
    return np.unique(np.concatenate(chosen), axis=0)


def neighbour_pairs(descriptors: NDArray[np.float32], neighbours: int) -> NDArray[np.int64]:
    """Pair each photograph with its nearest by inner product.

    Args:
        descriptors: (n, D) float32, rows of unit length.
        neighbours: of each photograph, itself not counted.

    Returns:
        (m, 2) int64, rows `i < j`, unique and sorted; m is at most `n * neighbours`.
    """
    count = len(descriptors)
    nearest = nearest_neighbours(descriptors, descriptors, min(neighbours + 1, count))
    first = np.repeat(np.arange(count), nearest.shape[1])
    second = nearest.ravel()
    # A duplicate may push the photograph itself out of its own first place, so it is looked for in the whole row.
    itself = (first == second).reshape(nearest.shape)
    surplus = np.zeros_like(itself)
    surplus[~itself.any(axis=1), -1] = True
    keep = ~(itself | surplus).ravel()
    return sorted_pairs(np.stack([first[keep], second[keep]], axis=1))


def sequential_pairs(names: Sequence[str], window: int) -> NDArray[np.int64]:
    """Pair each photograph with the next ones of its folder, in the order in which people read their names.

    Args:
        names: (n,) paths with `/`; `a/img10.jpg` comes after `a/img9.jpg`.
        window: how many photographs ahead.

    Returns:
        (m, 2) int64, rows `i < j`, unique and sorted; m is at most `n * window`.
    """
    order = sorted(range(len(names)), key=lambda at: (str(PurePosixPath(names[at]).parent), _readable(names[at]), at))
    pairs = [
        (one, other)
        for at, one in enumerate(order)
        for other in order[at + 1 : at + 1 + window]
        if PurePosixPath(names[one]).parent == PurePosixPath(names[other]).parent
    ]
    return sorted_pairs(np.array(pairs, np.int64).reshape(-1, 2))


def sorted_pairs(pairs: NDArray[np.integer]) -> NDArray[np.int64]:
    """Turn pairs so that `i < j`, drop repeats and sort."""
    return np.unique(np.sort(pairs.astype(np.int64), axis=1), axis=0)


def among(
    first: NDArray[np.integer], second: NDArray[np.integer], pairs: NDArray[np.int64], count: int
) -> NDArray[np.bool_]:
    """Tell which of the pairs `first[k] < second[k]` of `count` photographs are listed in `pairs`."""
    return np.isin(first.astype(np.int64) * count + second, pairs[:, 0] * count + pairs[:, 1])


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


def _readable(name: str) -> list[tuple[int, str]]:
    """Split a name so that numbers in it compare as numbers."""
    parts = re.split(r"(\d+)", PurePosixPath(name).name)
    return [(int(part), "") if at % 2 else (0, part.lower()) for at, part in enumerate(parts)]
