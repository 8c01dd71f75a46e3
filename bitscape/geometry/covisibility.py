"""Which photographs see the same 3D points, counted by one sparse product."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

OBSERVATIONS_AT_ONCE = 5_000_000  # of the pairs whose scale change is looked at together; bounds the memory


def apparent_scale(observations: pd.DataFrame, photographs: int) -> sparse.csr_array:
    """Build the matrix of how coarsely each photograph resolves the points it sees.

    Args:
        observations: columns `model`, `image`, `point`, `depth` and `focal`, both positive; no row twice.
        photographs: rows of the matrix; every `image` is below.

    Returns:
        (photographs, points) float64, a column for each point of each model, by model and point: depth / focal, the
        length in model units that one pixel covers at the point.
    """
    depth, focal = observations["depth"].to_numpy(np.float64), observations["focal"].to_numpy(np.float64)
    return _matrix(observations, depth / focal, photographs)


def incidence(observations: pd.DataFrame, photographs: int) -> sparse.csr_array:
    """Build the matrix of who sees what.

    Args:
        observations: columns `model`, `image`, `point`; no row twice.
        photographs: rows of the matrix; every `image` is below.

    Returns:
        (photographs, points) int32 of ones, with the columns of `apparent_scale`.
    """
    return _matrix(observations, np.ones(len(observations), np.int32), photographs)


def _matrix(observations: pd.DataFrame, values: NDArray[np.generic], photographs: int) -> sparse.csr_array:
    model, point = (observations[name].to_numpy(np.int64) for name in ("model", "point"))
    # One number for each point of each model; sorting it once is cheaper than grouping by two columns.
    names, columns = np.unique(model * (point.max(initial=0) + 1) + point, return_inverse=True)
    matrix = sparse.csr_array((values, (observations["image"].to_numpy(), columns)), shape=(photographs, len(names)))
    matrix.sort_indices()
    return matrix


def ones(matrix: sparse.csr_array) -> sparse.csr_array:
    """Keep where a matrix has values and forget which: int32 of ones that shares the places with `matrix`."""
    places = matrix.indices, matrix.indptr
    return sparse.csr_array((np.ones(matrix.nnz, np.int32), *places), shape=matrix.shape)


def covisibility(seen: sparse.csr_array) -> sparse.csr_array:
    """Count the points that each two photographs share.

    Args:
        seen: (n, points) int32, see `incidence`.

    Returns:
        (n, n) int32, symmetric, indices sorted, zeros not stored; the diagonal holds the points a photograph sees.
    """
    shared = sparse.csr_array(seen @ seen.T, dtype=np.int32)
    shared.sort_indices()
    return shared


def scale_change(
    scale: sparse.csr_array, first: NDArray[np.integer], second: NDArray[np.integer]
) -> NDArray[np.float32]:
    """Measure how much larger the shared points appear in one photograph of a pair than in the other.

    Radenovic et al. bound the scale change of a positive pair by 1.5 without saying how they measure it. This is the
    project's proposal: the median over the shared points of the ratio of depth / focal, in logarithms and without sign,
    so that the order of the two does not matter.

    Args:
        scale: (n, points), see `apparent_scale`.
        first: (m,) photographs.
        second: (m,) photographs; each shares at least one point with its `first`.

    Returns:
        (m,) float32, at least 1.
    """
    inverse = scale.copy()
    inverse.data = 1 / inverse.data
    sizes = np.diff(scale.indptr).astype(np.int64)
    ends = np.cumsum(sizes[first] + sizes[second])
    cuts = np.flatnonzero(np.diff(ends // OBSERVATIONS_AT_ONCE)) + 1
    changes = [
        _median_ratio(scale[one].multiply(inverse[other]).tocsr())
        for one, other in zip(np.split(first, cuts), np.split(second, cuts), strict=True)
        if len(one)
    ]
    return np.concatenate(changes).astype(np.float32) if changes else np.empty(0, np.float32)


def _median_ratio(ratios: sparse.csr_array) -> NDArray[np.float64]:
    """Fold the median of each row's stored values, which are positive ratios, to at least 1."""
    counts = np.diff(ratios.indptr)
    rows = np.repeat(np.arange(len(counts)), counts)
    logarithms = np.log(ratios.data)
    logarithms = logarithms[np.lexsort((logarithms, rows))]
    start = ratios.indptr[:-1]
    middle = (logarithms[start + (counts - 1) // 2] + logarithms[start + counts // 2]) / 2
    folded: NDArray[np.float64] = np.exp(np.abs(middle))
    return folded
