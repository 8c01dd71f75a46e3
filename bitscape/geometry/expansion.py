"""Which further pairs are worth matching once some are verified.

A point seen in photographs i and k, and in k and j, is seen in i and j. So the verified matches are followed to feature
tracks, and two photographs that share tracks are likely to overlap although they were never matched.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bitscape.geometry.candidates import among

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
    new = (common.data >= least) & ~among(first, second, tried, tracks.shape[0])
    first, second, shared = first[new], second[new], common.data[new]
    own = np.diff(tracks.indptr)
    share = shared / np.minimum(own[first], own[second])
    order = np.lexsort((second, first, -share))
    return np.stack([first[order], second[order]], axis=1)
