"""A protocol applied to a collection: who is searched, who asks, and what they should find."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from bitscape.retrieval.protocol import Protocol
from bitscape.retrieval.truth import Grades

if TYPE_CHECKING:
    import pandas as pd


class Selection(NamedTuple):
    """A protocol applied to a collection.

    Attributes:
        database: indices of the photographs that are searched, ascending.
        queries: indices of those that ask, ascending.
        truth: what each query should find; places count the database.
    """

    database: NDArray[np.intp]
    queries: NDArray[np.intp]
    truth: Grades


def select(protocol: Protocol, collection: "pd.DataFrame") -> Selection:
    """Apply a protocol to a collection with labels or landmarks.

    Args:
        protocol: which.
        collection: columns `split`, `labels` and `landmark`, as `read_collection` gives it.

    Returns:
        Who is searched, who asks, and what they should find.

    Raises:
        BitscapeError: if the collection has not what the protocol asks for.
    """
    from bitscape.supervision.relevance import shared_labels

    _, shown = protocol.source(collection["landmark"].tolist(), collection["labels"].tolist())
    searched = np.flatnonzero(collection["split"].isin(protocol.database).to_numpy(dtype=bool))
    asking = np.array(protocol.asking(shown, collection["split"].tolist()), dtype=np.intp)
    relevance = shared_labels([shown[index] for index in asking], [shown[index] for index in searched])
    _, row, column = np.intersect1d(asking, searched, assume_unique=True, return_indices=True)
    itself = csr_array((np.ones(len(row), np.int32), (row, column)), shape=relevance.shape)
    return Selection(searched, asking, Grades(relevance, itself if itself.nnz else None))
