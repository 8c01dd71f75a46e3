"""All measures of one set of codes, under names that carry their definition (see docs/metrics.md)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bitscape.core.errors import BitscapeError
from bitscape.retrieval import average_precision
from bitscape.retrieval.codes import Codes
from bitscape.retrieval.hamming import Histograms, histograms
from bitscape.retrieval.health import Health, health
from bitscape.retrieval.precision_recall import Curve, mean_precision_within, precision_recall_curve

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats = NDArray[np.float64]
EmptyQuery = Literal["exclude", "zero", "error"]
"""A query without any relevant item: left out of all means, counted as 0, or an error."""


LEARNED_DATABASE = "map_expected_learned_database"
"""`map_expected` of the queries' codes against codes of the database that a method has learned one by one."""


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


def metric_names(cutoffs: Sequence[int], radius: int) -> list[str]:
    """The names of the metrics, in the order in which they are listed; only letters, digits and underscores."""
    at_k = [f"map_expected_at_{k}_over_min_rk" for k in cutoffs]
    health_names = ["distinct_codes_share", "largest_identical_share", "bit_imbalance", "bit_correlation"]
    counts = ["queries", "queries_without_relevant"]
    ties = ["map_expected", "map_worst_ties", "map_best_ties"]
    return [*ties, *at_k, f"precision_radius_{radius}_empty_zero", *health_names, *counts]


def mean_average_precision(
    queries: Codes, database: Codes, relevance: "csr_array", empty_query: EmptyQuery = "exclude"
) -> float:
    """Mean over the queries of the expected average precision: `map_expected`.

    Args:
        queries: (queries, bits / 8) uint8, packed codes.
        database: (items, bits / 8) uint8, packed codes.
        relevance: sparse (queries, items) grades; a grade above 0 is relevant.
        empty_query: what a query without any relevant item counts.

    Returns:
        The mean, in [0, 1]; NaN where it is a mean over no query.

    Raises:
        BitscapeError: if the shapes do not fit together, or a query has no relevant item and that is an error.
    """
    counts = histograms(queries, database, relevance)
    scores = average_precision.expected(_counted(counts, empty_query))
    return float(scores.mean()) if len(scores) else float("nan")


def evaluate(
    queries: Codes,
    database: Codes,
    relevance: "csr_array",
    cutoffs: Sequence[int],
    radius: int,
    empty_query: EmptyQuery = "exclude",
) -> Evaluation:
    """Measure how well a database is searched with its codes.

    Args:
        queries: (queries, bits / 8) uint8, packed codes.
        database: (items, bits / 8) uint8, packed codes; at least one.
        relevance: sparse (queries, items) grades; a grade above 0 is relevant.
        cutoffs: the k of mAP@k.
        radius: Hamming distance of the precision within a radius.
        empty_query: what a query without any relevant item counts.

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
    counts = _counted(everything, empty_query)
    scores = average_precision.expected(counts)
    worst, best = average_precision.bounds(counts)
    of_codes = health(database)
    means = [scores, worst, best, *(average_precision.expected_at(counts, k) for k in cutoffs)]
    values: list[float] = [float(mean.mean()) if len(scores) else np.nan for mean in means]
    values += [mean_precision_within(counts, radius, "zero"), *of_codes, len(scores), int((relevant == 0).sum())]
    named = zip(metric_names(cutoffs, radius), values, strict=True)
    per_query = average_precision.expected(everything)
    if empty_query == "exclude":
        per_query[relevant == 0] = np.nan
    metrics = {name: value for name, value in named if not np.isnan(value)}
    return Evaluation(metrics, per_query, relevant, precision_recall_curve(counts), of_codes)


def _counted(counts: Histograms, empty_query: EmptyQuery) -> Histograms:
    """The queries that enter the means."""
    without = counts.relevant.sum(axis=1) == 0
    if empty_query == "error" and without.any():
        raise BitscapeError(
            f"{without.sum()} of {len(without)} queries have no relevant item in the database, the first of them is "
            f"query {without.argmax()}; evaluate with empty_query='exclude' or 'zero' to allow that."
        )
    return Histograms(*(part[~without] for part in counts)) if empty_query == "exclude" else counts
