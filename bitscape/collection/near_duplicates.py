"""Photographs that are one picture again: saved anew, made smaller, cropped a little, or taken a moment later."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from bitscape.collection.look import BITS, Look

ALIKE = 0.97  # correlation of two thumbnails; measured, see docs/data-formats.md
QUERIES = 256  # searched at once
PAIRS = 2048  # compared at once: few enough for the cache


def near_duplicates(looks: Sequence[Look | None], radius: int | None) -> NDArray[np.int64]:
    """Group photographs that look the same, directly or through others.

    The perceptual hash finds candidates, thumbnails confirm them: many a picture of other things has a similar hash,
    X-rays of two chests for one. A photograph without look is nearly blank and joins nothing. Memory grows linearly,
    time with the square of the collection, at about a billion pairs a second.

    Args:
        looks: (n,) see `look`.
        radius: bits of the hash in which two may differ; None joins nothing.

    Returns:
        (n,) int64 number of the group of each photograph, the position of its first.
    """
    groups = np.arange(len(looks))
    seen = [(position, one) for position, one in enumerate(looks) if one is not None]
    if radius is None or len(seen) < 2:
        return groups
    import faiss

    positions = np.array([position for position, _ in seen])
    hashes = np.frombuffer(b"".join(one.hash for _, one in seen), np.uint8).reshape(len(seen), -1)
    thumbnails = np.frombuffer(b"".join(one.thumbnail for _, one in seen), np.uint8).reshape(len(seen), -1)
    index = faiss.IndexBinaryFlat(BITS)
    index.add(hashes)
    found = np.arange(len(seen))
    for start in range(0, len(seen), QUERIES):
        limits, _, second = index.range_search(hashes[start : start + QUERIES], radius + 1)  # FAISS: less than
        counts = np.asarray(limits[1:] - limits[:-1], np.int64)
        first = start + np.repeat(np.arange(len(counts)), counts)
        new = (first < second) & (found[first] != found[second])  # a burst of n is not n * n pairs
        found = _join(found, _confirmed(thumbnails, first[new], second[new]))
    groups[positions] = positions[found]
    return groups


def _confirmed(thumbnails: NDArray[np.uint8], first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    """Keep the pairs whose thumbnails correlate, (m, 2)."""
    pairs = np.stack([first, second], axis=1)
    kept = [pairs[:0]]
    for at in range(0, len(pairs), PAIRS):
        some = pairs[at : at + PAIRS]
        one, other = (_centred(thumbnails[side]) for side in some.T)
        kept.append(some[np.einsum("ij,ij->i", one, other) >= ALIKE])
    return np.concatenate(kept)


def _centred(thumbnails: NDArray[np.uint8]) -> NDArray[np.float32]:
    rows = thumbnails.astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)


def _join(groups: NDArray[np.int64], pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Join the groups of each pair; a group is numbered by its first member."""
    if not len(pairs):
        return groups
    ends = groups[pairs]
    graph = coo_array((np.ones(len(ends), np.int8), (ends[:, 0], ends[:, 1])), shape=(len(groups),) * 2)
    _, component = connected_components(graph, directed=False)
    _, first, inverse = np.unique(component[groups], return_index=True, return_inverse=True)
    return first[inverse]
