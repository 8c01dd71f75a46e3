"""The mean average precision, which models are selected by."""

from typing import TYPE_CHECKING

from bitscape.core.errors import BitscapeError
from bitscape.core.metric_names import EmptyQuery
from bitscape.hamming import average_precision
from bitscape.hamming.codes import Codes
from bitscape.hamming.ranking import Histograms, histograms

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def mean_average_precision(
    queries: Codes, database: Codes, relevance: "csr_array", empty_query: EmptyQuery = "exclude"
) -> float:
    """Mean over the queries of the expected average precision: `map_expected`.

    Args:
        queries: (queries, bits / 8) uint8, packed codes.
        database: (items, bits / 8) uint8, packed codes.
        relevance: sparse (queries, items) grades; a grade above 0 is relevant, `JUNK` in no ranking.
        empty_query: what a query without any relevant item counts.

    Returns:
        The mean, in [0, 1]; NaN where it is a mean over no query.

    Raises:
        BitscapeError: if the shapes do not fit together, or a query has no relevant item and that is an error.
    """
    counts = histograms(queries, database, relevance)
    scores = average_precision.expected(counted(counts, empty_query))
    return float(scores.mean()) if len(scores) else float("nan")


def counted(counts: Histograms, empty_query: EmptyQuery) -> Histograms:
    """Keep the queries that enter the means.

    Args:
        counts: items and relevant items at each distance from each query.
        empty_query: what a query without any relevant item counts.

    Raises:
        BitscapeError: if there is such a query and that is an error.
    """
    without = counts.relevant.sum(axis=1) == 0
    if empty_query == "error" and without.any():
        raise BitscapeError(
            f"{without.sum()} of {len(without)} queries have no relevant item in the database, the first of them is "
            f"query {without.argmax()}; evaluate with empty_query='exclude' or 'zero' to allow that."
        )
    return Histograms(*(part[~without] for part in counts)) if empty_query == "exclude" else counts
