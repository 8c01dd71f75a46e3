"""Items that a ranking is measured without, such as the query itself or a near-duplicate of it."""

from typing import TYPE_CHECKING

import numpy as np

from bitscape.core.errors import BitscapeError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

JUNK = -1
"""Grade of an item that is in no ranking of the query, as if the database did not have it."""


def mark_junk(relevance: "csr_array", junk: "csr_array") -> "csr_array":
    """Give the grade `JUNK` to pairs, whatever grade they had.

    Args:
        relevance: sparse (queries, items) integers.
        junk: sparse (queries, items); what is not 0 is junk.

    Returns:
        (queries, items) int32, indices sorted, zeros not stored.

    Raises:
        BitscapeError: if the two have different shapes.
    """
    from scipy.sparse import csr_array

    if junk.shape != relevance.shape:
        raise BitscapeError(f"The junk has the shape {junk.shape} and the relevance {relevance.shape}.")
    pairs = (junk != 0).astype(np.int32)
    marked = csr_array(relevance - relevance * pairs + JUNK * pairs, dtype=np.int32)
    marked.eliminate_zeros()
    marked.sort_indices()
    return marked
