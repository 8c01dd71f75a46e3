"""Queries that are near-duplicates of what they search: a ranking finds these without having learned."""

from collections.abc import Iterable
from pathlib import Path
from shutil import copyfile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry.bursts import alike_pairs, count_features
from bitscape.geometry.candidates import nearest_neighbours
from bitscape.geometry.copies import write_copies
from bitscape.geometry.features import extract, match
from bitscape.geometry.strategies import similarity
from bitscape.geometry.view_graph import read_view_graph


def look_alikes(
    descriptors: NDArray[np.float32],
    queries: NDArray[np.int64],
    searched: NDArray[np.int64],
    neighbours: int,
    settings: Reconstruct,
) -> NDArray[np.int64]:
    """Pair each query with those of its nearest neighbours whose descriptors are those of a near-duplicate.

    Args:
        descriptors: (n, D) float32 of the whole collection, rows of unit length.
        queries: (q,) indices.
        searched: (s,) indices of the database.
        neighbours: so many of each query are looked at.
        settings: `burst_similarity`.

    Returns:
        (m, 2) int64 indices: a query, a photograph.
    """
    near = nearest_neighbours(descriptors[queries], descriptors[searched], neighbours)
    pairs = np.stack([np.repeat(queries, near.shape[1]), searched[near].ravel()], axis=1).astype(np.int64)
    return pairs[similarity(descriptors, *pairs.T) >= settings.burst_similarity]


def match_pairs(
    given: Path,
    target: Path,
    photographs: Iterable[tuple[int, Path]],
    pairs: NDArray[np.int64],
    settings: Reconstruct,
    seed: int,
) -> None:
    """Add photographs to a copy of a COLMAP database, and match pairs in it.

    Args:
        given: the database, with the features of all other photographs of the pairs; it stays as it is.
        target: the copy to write. Lists and reduced copies of the photographs are left in its folder.
        photographs: indices and files of those to add.
        pairs: (m, 2) indices.
        settings: sizes, threads, device.
        seed: of RANSAC.
    """
    added, folder = list(photographs), target.parent / "photographs"
    names = write_copies(added, folder, settings.image_size, len(added))
    copyfile(given, target)
    extract(target, folder, names, settings)
    match(target, pairs, target.parent, settings, seed)


def straddling_pairs(
    database: Path,
    queries: NDArray[np.int64],
    searched: NDArray[np.int64],
    descriptors: NDArray[np.float32],
    settings: Reconstruct,
) -> pd.DataFrame:
    """Find queries that are near-duplicates of photographs that they search.

    Args:
        database: features of all that was matched, and the verified matches of queries.
        queries: (q,) indices.
        searched: (s,) indices.
        descriptors: (n, D) float32 of the whole collection, rows of unit length.
        settings: the thresholds of `alike_pairs`.

    Returns:
        Columns `query` and `photograph`, int32 indices; sorted.
    """
    both = np.union1d(queries, searched)
    graph, features = read_view_graph(database, both), count_features(database, both)
    pairs = both[alike_pairs(graph, features, descriptors[both], settings)[0]]
    asked = np.isin(pairs, queries)
    torn = pairs[asked.sum(axis=1) == 1]
    torn = np.where(np.isin(torn[:, :1], queries), torn, torn[:, ::-1])
    table = pd.DataFrame(torn, columns=["query", "photograph"], dtype="int32")
    return table.sort_values(["query", "photograph"], ignore_index=True)
