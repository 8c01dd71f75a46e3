"""Graded relevance from shared points, for methods that learn rankings."""

import numpy as np
from scipy import sparse


def relevance_levels(shared: sparse.csr_array, levels: int) -> sparse.csr_array:
    """Grade how much of the same surface each two photographs show.

    The share of common points, 2 |P(i) and P(j)| / (|P(i)| + |P(j)|), is cut into equal steps. How to grade, and how
    many levels, is this project's proposal.

    Args:
        shared: (n, n) int32, see `covisibility`.
        levels: the highest level.

    Returns:
        (n, n) int8, symmetric, indices sorted: 1 to `levels`, absent where no point is shared. The diagonal has the
        highest level where the photograph sees any point.
    """
    seen = shared.diagonal().astype(np.int64)
    counted = shared.tocoo()
    row, column = counted.coords
    total = seen[row] + seen[column]
    # In whole numbers: a share that is just a step must not slip over it by rounding.
    level = -(-2 * levels * counted.data.astype(np.int64) // np.maximum(total, 1))
    graded = sparse.csr_array((level.astype(np.int8), (row, column)), shape=shared.shape)
    graded.sort_indices()
    return graded
