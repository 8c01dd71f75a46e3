"""What a query counts that nothing is relevant to."""

import numpy as np
from numpy.typing import NDArray

from bitscape.core.errors import BitscapeError
from bitscape.core.metric_names import EmptyQuery
from bitscape.retrieval.metrics import Scores


def settle(scores: Scores, without: NDArray[np.bool_], policy: EmptyQuery) -> Scores:
    """Apply the policy for queries without any relevant item.

    A metric that leaves such a query out by its own definition leaves it out under every policy: NDCG, of which it is
    0 / 0, and those whose names say `_misses_dropped` or `_empty_skip`.

    Args:
        scores: of all queries.
        without: (queries,) which have none.
        policy: leave them out, count them 0, or refuse them.

    Returns:
        The scores with a value of 0 of these queries, and a weight of 0 where they are left out.

    Raises:
        BitscapeError: if there are such queries and that is an error.
    """
    if policy == "error" and without.any():
        raise BitscapeError(
            f"{without.sum()} of {len(without)} queries have no relevant item in the database, the first of them is "
            f"query {without.argmax()}; let them be excluded or count zero to allow that."
        )
    excluded = without & (policy == "exclude")
    return Scores(np.where(without, 0.0, scores.values), np.where(excluded, 0.0, scores.weights))
