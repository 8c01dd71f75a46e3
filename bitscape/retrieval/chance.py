"""What a ranking is worth that knows nothing: the level below which codes have learned nothing."""

from typing import TYPE_CHECKING

import numpy as np

from bitscape.hamming.average_precision import expected
from bitscape.hamming.junk import JUNK
from bitscape.hamming.ranking import Histograms

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def chance_level(relevance: "csr_array") -> float:
    """Expected mean average precision of a random order, which is that of identical codes.

    Args:
        relevance: sparse (queries, items) grades; a grade above 0 is relevant, `JUNK` in no ranking.

    Returns:
        The mean over the queries with a relevant item, in [0, 1]; NaN where there is none.
    """
    relevant, junk = (
        np.asarray(pairs.sum(axis=1), dtype=np.int64).reshape(-1, 1) for pairs in (relevance > 0, relevance == JUNK)
    )
    asked = relevant[:, 0] > 0
    one_tie = Histograms(relevance.shape[1] - junk[asked], relevant[asked])
    return float(expected(one_tie).mean()) if asked.any() else float("nan")
