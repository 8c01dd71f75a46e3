"""Photographs that must stay on one side of every split: exact duplicates, and the groups of `labels.csv`."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def units(pixels: Sequence[str], groups: Sequence[str | None]) -> NDArray[np.int32]:
    """Join photographs that share their pixels or their group, directly or through others.

    Equal bytes decode to equal pixels, so the pixels alone find every exact duplicate.

    Args:
        pixels: (n,) hash of each photograph's pixels.
        groups: (n,) group of each photograph, None for none.

    Returns:
        (n,) int32 number of each photograph's unit, in the order of the units' first photographs.
    """
    n = len(pixels)
    keys: dict[tuple[str, str], int] = {}
    edges: list[tuple[int, int]] = []
    for index, (pixel, group) in enumerate(zip(pixels, groups, strict=True)):
        named = [("pixels", pixel)] if group is None else [("pixels", pixel), ("group", group)]
        edges += [(index, n + keys.setdefault(key, len(keys))) for key in named]
    if not edges:
        return np.zeros(0, dtype=np.int32)
    rows, columns = np.array(edges).T
    graph = coo_array((np.ones(len(edges), dtype=np.int8), (rows, columns)), shape=(n + len(keys),) * 2)
    _, component = connected_components(graph, directed=False)
    _, first, inverse = np.unique(component[:n], return_index=True, return_inverse=True)
    return first.argsort().argsort()[inverse].astype(np.int32)
