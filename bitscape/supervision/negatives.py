"""Hard negatives of photographs, by the descriptors of the shared backbone, for people to look at."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitscape.geometry.strategies import similarity
from bitscape.supervision.supervision import Supervision
from bitscape.supervision.tuples import hardest_negatives

COLUMNS = {"query": "int32", "negative": "int32", "rank": "int32", "similarity": "float32"}


def hard_negatives(
    descriptors: NDArray[np.float32],
    supervision: Supervision,
    queries: NDArray[np.int64],
    pool: NDArray[np.int64],
    count: int,
) -> pd.DataFrame:
    """List the photographs of other models that are most like each query, see `hardest_negatives`.

    Args:
        descriptors: (n, D) float32, rows of unit length.
        supervision: the models of the n training photographs.
        queries: (q,) of them.
        pool: (m,) of them, the only candidates.
        count: of each query.

    Returns:
        Columns `query`, `negative` (indices in the collection), `rank` (1 is the hardest) int32 and `similarity`
        float32 (inner product); sorted by query, then rank.
    """
    found = hardest_negatives(descriptors, supervision, queries, count, pool)
    place, column = np.nonzero(found >= 0)
    query, negative = queries[place], found[place, column]
    table = pd.DataFrame(
        {
            "query": supervision.rows[query],
            "negative": supervision.rows[negative],
            "rank": column + 1,
            "similarity": similarity(descriptors, query, negative),
        }
    )
    return table.astype(COLUMNS).sort_values(["query", "rank"], ignore_index=True)
