"""The first neighbourhood similarity of DSAH, built block by block of rows: never n x n and dense."""

from collections.abc import Iterator

import faiss
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bitscape.core.progress import progress

ROWS_PER_BLOCK = 512
MOST = 500  # counting shared neighbours takes n K1^2; at 5 % of 65,000 photographs, and not at 500, that is hours


def neighbours_of(n: int, share: float) -> int:
    """K1 or K2 among n photographs: a share of them, at least 2 and at most 500, which the authors have of any set."""
    return min(max(2, round(share * n)), MOST)


def neighbourhood_similarity(
    descriptors: NDArray[np.float32], k1: int, k2: int, reading: str = "b"
) -> sparse.csr_array:
    """Build W^0 of DSAH (Lin et al. 2021; specification A.4).

    N_i are the k1 + 1 nearest photographs in squared Euclidean distance (i included), o_ij = |N_i and N_j| counts
    shared neighbours, and T_i are the k2 photographs of largest o_ij (equal counts: the lower index first). The
    authors' released builder, read literally, has no positives at all, so which set they used is not known:

    * `b`: N_i and T_i (inferred; the specification's proposal and the default),
    * `union`: the union of N_k over k in T_i (the rule of BGAN, from which the code descends),
    * `knn`: N_i alone,
    * `snn`: T_i alone.

    Args:
        descriptors: (n, D) float32 of the training photographs.
        k1: neighbours of a photograph, itself not counted.
        k2: photographs of most shared neighbours, itself counted.
        reading: `b`, `union`, `knn` or `snn`.

    Returns:
        (n, n) int8, symmetric (either direction suffices), 1 where w_ij = +1 and on the diagonal; absent is -1.
    """
    n = len(descriptors)
    near = nearest_neighbours(descriptors, min(k1 + 1, n))
    if reading == "knn":
        chosen = near
    else:
        similar = most_shared(near, min(k2, n))
        if reading == "snn":
            chosen = similar
        elif reading == "union":
            chosen = sparse.csr_array(sparse.vstack([similar[rows] @ near for rows in row_blocks(n)]))
        else:
            chosen = near.multiply(similar).astype(bool)
    return as_ones(chosen + chosen.T + sparse.eye_array(n, dtype=bool, format="csr"))


def nearest_neighbours(descriptors: NDArray[np.float32], count: int) -> sparse.csr_array:
    """Mark the `count` nearest rows of each row (itself included), by FAISS: (n, n) bool, `count` entries a row."""
    n, dimensions = descriptors.shape
    index = faiss.IndexFlatL2(dimensions)
    index.add(np.ascontiguousarray(descriptors))
    columns = np.empty((n, count), dtype=np.int32)
    with progress("nearest neighbours", n) as advance:
        for rows in row_blocks(n):
            block = np.ascontiguousarray(descriptors[rows])
            columns[rows] = index.search(block, count)[1]
            advance(len(block))
    # Among exact duplicates FAISS may leave a row out of its own list; its own place goes to the last of the list.
    absent = ~(columns == np.arange(n)[:, None]).any(axis=1)
    columns[absent, -1] = np.flatnonzero(absent)
    return _membership(columns)


def most_shared(near: sparse.csr_array, count: int) -> sparse.csr_array:
    """Mark the `count` rows with most common members of each row (itself counted), the lower index first among equals.

    Args:
        near: (n, n) bool, the members of each row.
        count: K2.

    Returns:
        (n, n) bool, `count` entries a row.
    """
    members = near.astype(np.int32)
    transposed = sparse.csr_array(members.T)
    n = near.shape[0]
    # Numpy sorts 16-bit integers by radix, which is stable too and several times as fast.
    kind = np.int16 if np.diff(near.indptr).max() <= np.iinfo(np.int16).max else np.int32
    columns = np.empty((n, count), dtype=np.int32)
    with progress("shared neighbours", n) as advance:
        for rows in row_blocks(n):
            shared = (members[rows] @ transposed).toarray().astype(kind)
            columns[rows] = np.argsort(-shared, axis=1, kind="stable")[:, :count]
            advance(len(shared))
    return _membership(columns)


def row_blocks(n: int) -> Iterator[slice]:
    """Cut n rows into blocks, so that what is dense is never n x n."""
    for start in range(0, n, ROWS_PER_BLOCK):
        yield slice(start, min(start + ROWS_PER_BLOCK, n))


def as_ones(marked: sparse.csr_array) -> sparse.csr_array:
    """Turn what is marked into int8 ones with sorted columns."""
    result = sparse.csr_array(marked, dtype=np.int8)
    result.data[:] = 1
    result.sort_indices()
    return result


def _membership(columns: NDArray[np.int32]) -> sparse.csr_array:
    n, count = columns.shape
    pointers = np.arange(0, n * count + 1, count)
    matrix = sparse.csr_array((np.ones(n * count, dtype=bool), columns.ravel(), pointers), shape=(n, n))
    matrix.sort_indices()
    return matrix
