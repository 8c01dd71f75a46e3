"""The initial neighbourhood similarity of DSAH, sparse at every size."""

import faiss
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bitscape.core.progress import progress

ROWS_PER_BLOCK = 512


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
        similar = _most_shared(near, min(k2, n))
        if reading == "snn":
            chosen = similar
        elif reading == "union":
            chosen = (similar.astype(np.int32) @ near.astype(np.int32)).astype(bool)
        else:
            chosen = near.multiply(similar).astype(bool)
    symmetric = chosen + chosen.T + sparse.eye_array(n, dtype=bool, format="csr")
    result = sparse.csr_array(symmetric, dtype=np.int8)
    result.data[:] = 1
    result.sort_indices()
    return result


def discover_neighbours(similarity: sparse.csr_array, outputs: NDArray[np.float32], gamma: float) -> sparse.csr_array:
    """Adaptive neighbour discovery of DSAH (A.5; the authors' code): add every pair that is close enough in the codes.

    With S = H H^T (raw inner products), mu and sigma the mean and the deviation (ddof 1) of S over the present
    neighbours, the diagonal included, w_ij becomes +1 where S_ij >= mu + gamma sigma. None is ever removed.

    Args:
        similarity: (n, n) int8, stored 1 is a neighbour.
        outputs: (n, B) tanh outputs of all training photographs in evaluation mode.
        gamma: deviations above the mean.

    Returns:
        (n, n) int8, a superset of `similarity`.
    """
    hidden = outputs.astype(np.float64)
    rows, columns = similarity.nonzero()
    values = np.concatenate(
        [
            np.einsum("ij,ij->i", hidden[rows[start : start + 65536]], hidden[columns[start : start + 65536]])
            for start in range(0, len(rows), 65536)
        ]
    )
    # Rounding must not keep out pairs that equal the mean, which would break idempotence at gamma 0.
    threshold = values.mean() + gamma * (values.std(ddof=1) if len(values) > 1 else 0.0) - 1e-12
    blocks = [
        sparse.csr_array(hidden[start : start + ROWS_PER_BLOCK] @ hidden.T >= threshold)
        for start in range(0, len(hidden), ROWS_PER_BLOCK)
    ]
    grown = sparse.csr_array(sparse.vstack(blocks) + similarity.astype(bool), dtype=np.int8)
    grown.data[:] = 1
    grown.sort_indices()
    return grown


def nearest_neighbours(descriptors: NDArray[np.float32], count: int) -> sparse.csr_array:
    """Mark the `count` nearest rows of each row (itself included), by FAISS: (n, n) bool, `count` entries a row."""
    n, dimensions = descriptors.shape
    index = faiss.IndexFlatL2(dimensions)
    index.add(np.ascontiguousarray(descriptors))
    columns = np.empty((n, count), dtype=np.int64)
    with progress("nearest neighbours", n) as advance:
        for start in range(0, n, ROWS_PER_BLOCK):
            block = descriptors[start : start + ROWS_PER_BLOCK]
            columns[start : start + len(block)] = index.search(np.ascontiguousarray(block), count)[1]
            advance(len(block))
    # Among exact duplicates FAISS may leave a row out of its own list; its own place goes to the last of the list.
    absent = ~(columns == np.arange(n)[:, None]).any(axis=1)
    columns[absent, -1] = np.flatnonzero(absent)
    return _membership(columns)


def _most_shared(near: sparse.csr_array, count: int) -> sparse.csr_array:
    """Mark the `count` rows with most common members of each row, the lower index first among equals."""
    members = near.astype(np.int32)
    transposed = sparse.csr_array(members.T)
    n = near.shape[0]
    columns = np.empty((n, count), dtype=np.int64)
    for start in range(0, n, ROWS_PER_BLOCK):
        shared = (members[start : start + ROWS_PER_BLOCK] @ transposed).toarray()
        columns[start : start + len(shared)] = np.argsort(-shared, axis=1, kind="stable")[:, :count]
    return _membership(columns)


def _membership(columns: NDArray[np.int64]) -> sparse.csr_array:
    n, count = columns.shape
    pointers = np.arange(0, n * count + 1, count)
    matrix = sparse.csr_array((np.ones(n * count, dtype=bool), columns.ravel(), pointers), shape=(n, n))
    matrix.sort_indices()
    return matrix
