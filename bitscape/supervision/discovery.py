"""Adaptive neighbour discovery of DSAH, block by block of rows."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bitscape.supervision.neighbourhood import as_ones, row_blocks


def discover_neighbours(
    similarity: sparse.csr_array,
    outputs: NDArray[np.float32],
    gamma: float,
    measure: Literal["raw", "cosine"] = "raw",
) -> sparse.csr_array:
    """Adaptive neighbour discovery of DSAH (A.5; the authors' code): add every pair that is close enough in the codes.

    With S = H H^T, mu and sigma the mean and the deviation (ddof 1) of S over the present neighbours, the diagonal
    included, w_ij becomes +1 where S_ij >= mu + gamma sigma. None is ever removed. Two passes over blocks of rows: one
    for mu and sigma, one for the threshold.

    Args:
        similarity: (n, n) int8, symmetric, stored 1 is a neighbour.
        outputs: (n, B) tanh outputs of all training photographs in evaluation mode.
        gamma: deviations above the mean.
        measure: S of the outputs as they are (`raw`, the authors' code), or of outputs at unit length (`cosine`; that
            the paper may mean this is inferred from its Figure 1, which has one symbol for both similarities).

    Returns:
        (n, n) int8, symmetric, a superset of `similarity`.

    Raises:
        ValueError: if `similarity` has no neighbour at all, whose mean would be no number.
    """
    if similarity.nnz == 0:
        raise ValueError("the similarity has no neighbours, not even on its diagonal")
    hidden = outputs.astype(np.float64)
    squares = np.einsum("ij,ij->i", hidden, hidden)
    if measure == "cosine":
        hidden /= np.maximum(np.sqrt(squares), 1e-12)[:, None]
        squares = np.minimum(squares, 1)
    mean, deviation = _moments(similarity, hidden)
    # Rounding must not keep out pairs that equal the mean, which would break idempotence at gamma 0.
    threshold = mean + gamma * deviation - 1e-12 * squares.max()
    blocks = []
    for rows in row_blocks(len(hidden)):
        # The upper triangle alone, so that rounding cannot give two answers for one pair.
        close = np.triu(hidden[rows] @ hidden[rows.start :].T >= threshold)
        found = sparse.csr_array(close)
        columns = found.indices + rows.start
        blocks.append(sparse.csr_array((found.data, columns, found.indptr), shape=(len(close), len(hidden))))
    upper = sparse.csr_array(sparse.vstack(blocks))
    return as_ones(upper + upper.T + similarity.astype(bool))


def _moments(similarity: sparse.csr_array, hidden: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and deviation (ddof 1) of H H^T over the neighbours; blocks are combined by Chan's formula."""
    count, mean, spread = 0, 0.0, 0.0
    for rows in row_blocks(len(hidden)):
        here, columns = similarity[rows].nonzero()
        if len(here):
            values = (hidden[rows] @ hidden.T)[here, columns]
            step, total = values.mean() - mean, count + len(values)
            spread += ((values - values.mean()) ** 2).sum() + step**2 * count * len(values) / total
            mean, count = mean + step * len(values) / total, total
    return float(mean), float(np.sqrt(spread / (count - 1))) if count > 1 else 0.0
