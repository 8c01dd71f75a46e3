"""All measures of one set of codes, under names that carry their definition (see docs/metrics.md)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bitscape.core.errors import BitscapeError
from bitscape.core.metric_names import EmptyQuery, metric_names
from bitscape.hamming import average_precision
from bitscape.hamming.codes import Codes
from bitscape.hamming.health import Health, health
from bitscape.hamming.mean import counted
from bitscape.hamming.ranking import histograms
from bitscape.retrieval.cutoffs import precision_at, recall_at
from bitscape.retrieval.graded import Graded, acg_at, graded_histograms, ndcg_at, weighted_average_precision
from bitscape.retrieval.precision_recall import Curve, mean_precision_within, precision_recall_curve

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats = NDArray[np.float64]


class Evaluation(NamedTuple):
    """The result of an evaluation.

    Attributes:
        metrics: name -> value, in the order of `metric_names`. Means over no query at all are left out.
        average_precision: (queries,) float64, expected over ties; NaN for excluded queries.
        relevant: (queries,) int64, relevant items of each query.
        curve: precision over recall.
        health: of the codes of the database.
    """

    metrics: dict[str, float]
    average_precision: Floats
    relevant: NDArray[np.int64]
    curve: Curve
    health: Health

    def warnings(self) -> list[str]:
        """Tell, in sentences, what makes the metrics doubtful."""
        told = []
        if self.health.collapsed:
            told.append(
                f"the codes have collapsed: {self.health.largest_share:.0%} of the database have one and the same code."
            )
        if not self.relevant.any():
            told.append("no query has a relevant photograph in the database, so that no ranking can be measured.")
        return told


def evaluate(
    queries: Codes,
    database: Codes,
    relevance: "csr_array",
    cutoffs: Sequence[int],
    radius: int,
    empty_query: EmptyQuery = "exclude",
    graded: bool = False,
    bits: int | None = None,
) -> Evaluation:
    """Measure how well a database is searched with its codes.

    Args:
        queries: (queries, bits / 8) uint8, packed codes.
        database: (items, bits / 8) uint8, packed codes; at least one.
        relevance: sparse (queries, items) grades; a grade above 0 is relevant, `JUNK` in no ranking.
        cutoffs: the k of mAP@k, precision@k and recall@k.
        radius: Hamming distance of the precision within a radius.
        empty_query: what a query without any relevant item counts.
        graded: measure NDCG, ACG and weighted mAP as well.
        bits: code length, where it is not a multiple of 8.

    Returns:
        Metrics, average precision per query, curve and health.

    Raises:
        BitscapeError: if the shapes do not fit together, the database is empty, or a query has no relevant item
            and that is an error.
    """
    if len(database) == 0:
        raise BitscapeError("The database holds no codes; there is nothing to search.")
    everything = histograms(queries, database, relevance)
    relevant = everything.relevant.sum(axis=1)
    counts = counted(everything, empty_query)
    of_codes = health(database, bits)
    worst, best = average_precision.bounds(counts)
    scores = average_precision.expected(counts)
    ranked = [scores, worst, best]
    for measure in (average_precision.expected_at, precision_at, recall_at):
        ranked += [measure(counts, k) for k in cutoffs]
    if graded:
        ranked += _graded(graded_histograms(queries, database, relevance), relevant, cutoffs, empty_query)
    values = [float(one.mean()) if len(one) else np.nan for one in ranked]
    largest = (counts.items.max(axis=1) / len(database)).mean() if len(scores) else np.nan
    values += [mean_precision_within(counts, radius, "zero"), *of_codes, float(largest)]
    values += [len(scores), int((relevant == 0).sum())]
    named = zip(metric_names(cutoffs, radius, graded), values, strict=True)
    per_query = average_precision.expected(everything)
    if empty_query == "exclude":
        per_query[relevant == 0] = np.nan
    metrics = {name: value for name, value in named if not np.isnan(value)}
    return Evaluation(metrics, per_query, relevant, precision_recall_curve(counts), of_codes)


def _graded(
    of_all: Graded, relevant: NDArray[np.int64], cutoffs: Sequence[int], empty_query: EmptyQuery
) -> list[Floats]:
    kept = Graded(of_all.counts[relevant > 0] if empty_query == "exclude" else of_all.counts)
    ndcg = [ndcg_at(kept, k) for k in cutoffs]
    defined = [one[~np.isnan(one)] for one in ndcg]  # 0 / 0 is in no mean, whatever the policy
    return [*defined, *(acg_at(kept, k) for k in cutoffs), weighted_average_precision(kept, None, "all")]
