"""Which photographs may be a query's positives: the three published strategies m1, m2 and m3."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from bitscape.core.settings.supervision import MinePairs

PAIRS_AT_ONCE = 50_000  # whose descriptors are compared together; bounds the memory


def camera_pool(cameras: pd.DataFrame, photographs: int, size: int) -> sparse.csr_array:
    """Find the photographs of each photograph's model that were taken from nearest to it: the pool M1.

    Args:
        cameras: columns `model`, `image`, `x`, `y`, `z`; each photograph in one model.
        photographs: rows and columns of the matrix.
        size: photographs in a pool, itself not counted; 0: all of the model.

    Returns:
        (photographs, photographs) int32 of ones, indices sorted, nothing on the diagonal. Of cameras at one place that
        do not all fit in, any are taken.
    """
    rows, columns = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for _, family in cameras.groupby("model", sort=True):
        image, centres = family["image"].to_numpy(np.int64), family[["x", "y", "z"]].to_numpy(np.float64)
        count = min(size, len(image) - 1) if size else len(image) - 1
        if count < 1:
            continue
        near = cKDTree(centres).query(centres, count + 1)[1]
        itself = near == np.arange(len(image))[:, None]
        # Where more cameras stand at one place than fit in, a camera may be missing among its own nearest.
        itself[~itself.any(axis=1), -1] = True
        rows.append(np.repeat(image, count))
        columns.append(image[near[~itself]])
    places = np.concatenate(rows), np.concatenate(columns)
    pool = sparse.csr_array((np.ones(len(places[0]), np.int32), places), shape=(photographs, photographs))
    pool.sort_indices()
    return pool


def admitted(
    shared: sparse.csr_array, pool: sparse.csr_array, descriptors: NDArray[np.float32], rules: MinePairs
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """List the candidates of each query and what speaks for them.

    Strategies of Radenovic et al. (ECCV 2016), with P(x) the points that x sees:

    * m1 takes those whose descriptor is most like the query's, whether they share points or not;
    * m2 takes those that share most points with the query, at least one;
    * m3 takes any with |P(q) and P(i)| / |P(q)| of at least `min_overlap` and a bounded scale change. The scale change
      is not looked at here, for it is the dearest to find. `min_shared_points` is this project's.

    Args:
        shared: (n, n) int32, see `covisibility`.
        pool: (n, n), see `camera_pool`.
        descriptors: (n, D) float32, rows of unit length; read by m1 alone.
        rules: strategy and thresholds, each of them inclusive.

    Returns:
        Queries (m,) and candidates (m,), sorted by both, and their merit (m,): inner product of the descriptors for m1,
        shared points else.
    """
    if rules.strategy == "m1":
        query, other = (axis.astype(np.int64) for axis in pool.tocoo().coords)
        return query, other, similarity(descriptors, query, other)
    counted = shared.multiply(pool).tocoo()
    query, other = (axis.astype(np.int64) for axis in counted.coords)
    count = counted.data
    if rules.strategy == "m3":
        seen = shared.diagonal()
        keep = (count >= rules.min_shared_points) & (count / seen[query] >= rules.min_overlap)
        query, other, count = query[keep], other[keep], count[keep]
    return query, other, count.astype(np.float64)


def similarity(
    descriptors: NDArray[np.float32], first: NDArray[np.int64], second: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Compare the descriptors of pairs, some at a time: the inner products, (m,) float64."""
    values = np.empty(len(first))
    for at in range(0, len(first), PAIRS_AT_ONCE):
        block = slice(at, at + PAIRS_AT_ONCE)
        values[block] = np.einsum("md,md->m", descriptors[first[block]], descriptors[second[block]])
    return values
