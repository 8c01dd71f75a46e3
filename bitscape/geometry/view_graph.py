"""The graph of verified pairs: which photographs show the same surface, and how many matches say so."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.copies import copy_index


@dataclass(frozen=True)
class ViewGraph:
    """Photographs as nodes, verified pairs as edges.

    Attributes:
        count: number of photographs.
        pairs: (m, 2) int64, rows `i < j` of positions, sorted.
        inliers: (m,) int64, matches that agree with the pair's geometry; positive.
    """

    count: int
    pairs: NDArray[np.int64]
    inliers: NDArray[np.int64]

    def matrix(self) -> sparse.csr_array:
        """Give the (n, n) int64 symmetric matrix of inliers."""
        first, second = self.pairs.T
        ends = (np.concatenate([first, second]), np.concatenate([second, first]))
        matrix = sparse.csr_array((np.tile(self.inliers, 2), ends), shape=(self.count, self.count))
        matrix.sort_indices()
        return matrix

    def labels(self) -> NDArray[np.int64]:
        """Number the connected component of each photograph, (n,)."""
        return sparse.csgraph.connected_components(self.matrix(), directed=False)[1].astype(np.int64)

    def components(self) -> list[NDArray[np.int64]]:
        """List the connected components, each ascending; the largest first, then by the first photograph."""
        label = self.labels()
        order = np.argsort(label, kind="stable")
        parts = np.split(order, np.flatnonzero(np.diff(label[order])) + 1) if self.count else []
        return sorted(parts, key=lambda part: (-len(part), part[0]))


def read_view_graph(
    database: Path, photographs: NDArray[np.int64], among: NDArray[np.int64] | None = None
) -> ViewGraph:
    """Read the verified pairs.

    Args:
        database: COLMAP database; its photographs are named as the copies.
        photographs: (n,) indices; pairs with others are left out.
        among: (m, 2) pairs of positions to look at; all where it is not given.

    Returns:
        The graph over positions in `photographs`.
    """
    position = {index: at for at, index in enumerate(photographs.tolist())}
    wanted = None if among is None else {tuple(sorted(pair)) for pair in among.tolist()}
    found = {}
    with pycolmap.Database.open(database) as opened:
        names = {image.image_id: position.get(copy_index(image.name)) for image in opened.read_all_images()}
        for key, inliers in zip(*opened.read_two_view_geometry_num_inliers(), strict=True):
            one, other = (names[identity] for identity in pycolmap.pair_id_to_image_pair(key))
            if one is None or other is None or not inliers:
                continue
            pair = (min(one, other), max(one, other))
            if wanted is None or pair in wanted:
                found[pair] = inliers
    pairs = np.array(sorted(found), np.int64).reshape(-1, 2)
    counts = np.array([found[pair] for pair in sorted(found)], np.int64)
    return ViewGraph(len(photographs), pairs, counts)


def read_inlier_matches(
    database: Path, photographs: NDArray[np.int64], graph: ViewGraph
) -> Iterator[tuple[int, int, NDArray[np.int64]]]:
    """Read which features of each verified pair belong together.

    Args:
        database: as for `read_view_graph`.
        photographs: (n,) indices.
        graph: over positions in them.

    Yields:
        Positions `i < j` and (k, 2) int64, a feature of i and one of j.
    """
    with pycolmap.Database.open(database) as opened:
        identity = {copy_index(image.name): image.image_id for image in opened.read_all_images()}
        for one, other in graph.pairs.tolist():
            ends = identity[int(photographs[one])], identity[int(photographs[other])]
            yield one, other, opened.read_two_view_geometry(*ends).inlier_matches.astype(np.int64).reshape(-1, 2)
