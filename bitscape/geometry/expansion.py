"""Which further pairs are worth matching once some are verified.

A point seen in photographs i and k, and in k and j, is seen in i and j. So the verified matches are followed to feature
tracks, and two photographs that share tracks are likely to overlap although they were never matched.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bitscape.geometry.candidates import nearest_neighbours

LONGEST = 500  # photographs of a track; longer ones come of wrong matches that join everything, and cost their square


def feature_tracks(
    count: int, matches: Iterable[tuple[int, int, NDArray[np.int64]]], longest: int = LONGEST
) -> sparse.csr_array:
    """Follow matches to tracks: the connected components of matched features.

    Args:
        count: number of photographs n.
        matches: positions i and j of a pair and (k, 2) int64, the features of i and of j that belong together.
        longest: photographs of a track that is kept.

    Returns:
        (n, t) int32 of ones: which photograph has a feature in which track.
    """
    ends = [
        np.stack([np.full(len(some), i), some[:, 0], np.full(len(some), j), some[:, 1]], axis=1)
        for i, j, some in matches
    ]
    table = np.concatenate([np.empty((0, 4), np.int64), *ends])
    features, node = np.unique(np.concatenate([table[:, :2], table[:, 2:]]), axis=0, return_inverse=True)
    one, other = node.reshape(2, -1)
    links = sparse.coo_array((np.ones(len(one), bool), (one, other)), shape=(len(features), len(features)))
    number, track = sparse.csgraph.connected_components(links, directed=False)
    seen = sparse.csr_array((np.ones(len(track), np.int32), (features[:, 0], track)), shape=(count, number))
    seen.data[:] = 1  # a photograph with two features in a track sees it once
    length = np.bincount(seen.indices, minlength=number)
    return seen[:, length <= longest]


def likely_pairs(tracks: sparse.csr_array, tried: NDArray[np.int64], least: int) -> NDArray[np.int64]:
    """Rank the pairs that were not tried by the share of tracks that they have in common.

    Args:
        tracks: (n, t), see `feature_tracks`.
        tried: (m, 2) pairs, `i < j`.
        least: common tracks of a pair that is worth it.

    Returns:
        (k, 2) int64, rows `i < j`, likeliest first: by common tracks / tracks of the photograph with fewer.
    """
    common = sparse.triu(tracks @ tracks.T, k=1).tocoo()
    first, second = (axis.astype(np.int64) for axis in common.coords)
    new = (common.data >= least) & ~_among(first, second, tried, tracks.shape[0])
    first, second, shared = first[new], second[new], common.data[new]
    own = np.diff(tracks.indptr)
    share = shared / np.minimum(own[first], own[second])
    order = np.lexsort((second, first, -share))
    return np.stack([first[order], second[order]], axis=1)


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
    new = (pairs[:, 0] != pairs[:, 1]) & ~_among(pairs[:, 0], pairs[:, 1], tried, count)
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
    new = (component[first] != component[second]) & ~_among(pairs[:, 0], pairs[:, 1], tried, count)
    owner, pairs = component[first[new]], pairs[new]
    alike = np.einsum("ij,ij->i", descriptors[pairs[:, 0]], descriptors[pairs[:, 1]])
    order = np.lexsort((pairs[:, 1], pairs[:, 0], -alike, owner))
    owner, pairs = owner[order], pairs[order]
    _, once = np.unique(np.column_stack([owner, pairs]), axis=0, return_index=True)  # found from both its ends
    owner, pairs = owner[np.sort(once)], pairs[np.sort(once)]
    rank = np.arange(len(owner)) - np.searchsorted(owner, owner)
    pairs = pairs[np.lexsort((owner, rank))][: int((rank < each).sum())]
    _, once = np.unique(pairs @ np.array([count, 1]), return_index=True)
    return pairs[np.sort(once)]


def _among(
    first: NDArray[np.integer], second: NDArray[np.integer], pairs: NDArray[np.int64], count: int
) -> NDArray[np.bool_]:
    return np.isin(first.astype(np.int64) * count + second, pairs[:, 0] * count + pairs[:, 1])
