"""Photographs that stay on one side of every split: duplicates, near-duplicates, and the groups of `labels.csv`."""

from collections.abc import Hashable, Iterator, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def units(*kinds: Sequence[Hashable]) -> NDArray[np.int32]:
    """Join photographs that share a key of any kind, directly or through others.

    Args:
        kinds: each (n,), such as the hash of each photograph's pixels, or its group; None for none.

    Returns:
        (n,) int32 number of each photograph's unit, in the order of the units' first photographs.
    """
    n = len(kinds[0])
    keys: dict[tuple[int, Hashable], int] = {}
    edges: list[tuple[int, int]] = []
    for index, named in enumerate(zip(*kinds, strict=True)):
        known = [key for key in enumerate(named) if key[1] is not None]
        edges += [(index, n + keys.setdefault(key, len(keys))) for key in known]
    rows, columns = np.array(edges, np.int64).reshape(-1, 2).T
    graph = coo_array((np.ones(len(edges), dtype=np.int8), (rows, columns)), shape=(n + len(keys),) * 2)
    _, component = connected_components(graph, directed=False)
    _, first, inverse = np.unique(component[:n], return_index=True, return_inverse=True)
    return first.argsort().argsort()[inverse].astype(np.int32)


def members(names: Sequence[str] | Sequence[int], units: Sequence[int]) -> Iterator[list[int]]:
    """Yield the positions of each unit's photographs, by name.

    Args:
        names: (n,) of the photographs.
        units: (n,) unit of each.
    """
    order = sorted(range(len(names)), key=lambda index: (units[index], names[index]))
    for _, group in groupby(order, key=lambda index: units[index]):
        yield list(group)
