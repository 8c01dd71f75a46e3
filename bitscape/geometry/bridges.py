"""Pairs that only descriptors lead to, where verified matches lead no further."""

import numpy as np
from numpy.typing import NDArray

from bitscape.geometry.candidates import among, nearest_neighbours
from bitscape.geometry.strategies import similarity


def lonely_pairs(
    degree: NDArray[np.int64], descriptors: NDArray[np.float32], tried: NDArray[np.int64], enough: int, ahead: int
) -> NDArray[np.int64]:
    """Offer photographs with few verified pairs their next nearest by descriptor.

    Args:
        degree: (n,) verified pairs of each photograph.
        descriptors: (n, D) float32, rows of unit length.
        tried: (m, 2) pairs, `i < j`.
        enough: verified pairs of a photograph that needs no more.
        ahead: nearest neighbours looked at.

    Returns:
        (k, 2) int64, rows `i < j`, unique, the nearest of all lonely photographs first.
    """
    count = len(descriptors)
    lonely = np.flatnonzero(degree < enough)
    near = nearest_neighbours(descriptors[lonely], descriptors, min(ahead + 1, count))
    rank = np.tile(np.arange(near.shape[1]), len(lonely))
    pairs = np.sort(np.stack([np.repeat(lonely, near.shape[1]), near.ravel()], axis=1), axis=1)
    new = (pairs[:, 0] != pairs[:, 1]) & ~among(pairs[:, 0], pairs[:, 1], tried, count)
    pairs, rank = pairs[new], rank[new]
    order = np.lexsort((pairs[:, 1], pairs[:, 0], rank))
    _, once = np.unique(pairs[order] @ np.array([count, 1]), return_index=True)
    return pairs[order][np.sort(once)]


def bridging_pairs(
    component: NDArray[np.int64], descriptors: NDArray[np.float32], tried: NDArray[np.int64], each: int, ahead: int
) -> NDArray[np.int64]:
    """Offer each component its likest photographs of other components.

    A burst of one view has its nearest neighbours in itself, so nothing else leads from it to the rest of the place.

    Args:
        component: (n,) number of each photograph's component.
        descriptors: (n, D) float32, rows of unit length.
        tried: (m, 2) pairs, `i < j`.
        each: pairs offered to a component.
        ahead: nearest neighbours of a photograph looked at.

    Returns:
        (k, 2) int64, rows `i < j`, unique; the likest of all components first.
    """
    count = len(descriptors)
    near = nearest_neighbours(descriptors, descriptors, min(ahead + 1, count))
    first, second = np.repeat(np.arange(count), near.shape[1]), near.ravel()
    pairs = np.sort(np.stack([first, second], axis=1), axis=1)
    new = (component[first] != component[second]) & ~among(pairs[:, 0], pairs[:, 1], tried, count)
    owner, pairs = component[first[new]], pairs[new]
    alike = similarity(descriptors, pairs[:, 0], pairs[:, 1])
    order = np.lexsort((pairs[:, 1], pairs[:, 0], -alike, owner))
    owner, pairs = owner[order], pairs[order]
    _, once = np.unique(np.column_stack([owner, pairs]), axis=0, return_index=True)  # found from both its ends
    owner, pairs = owner[np.sort(once)], pairs[np.sort(once)]
    rank = np.arange(len(owner)) - np.searchsorted(owner, owner)
    pairs = pairs[np.lexsort((owner, rank))][: int((rank < each).sum())]
    _, once = np.unique(pairs @ np.array([count, 1]), return_index=True)
    return pairs[np.sort(once)]
