"""Metrics by name (see `bitscape.core.metric_names`), of each query."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bitscape.core.metric_names import MetricName, read_name
from bitscape.hamming import average_precision
from bitscape.hamming.codes import Codes
from bitscape.hamming.ranking import Histograms
from bitscape.retrieval import cutoffs, graded, trapezoid
from bitscape.retrieval.found_bounds import bounds_over_found
from bitscape.retrieval.graded import Graded
from bitscape.retrieval.orders import best_order, first_come, in_blocks, worst_order
from bitscape.retrieval.precision_recall import precision_within
from bitscape.retrieval.truth import Truth

Floats = NDArray[np.float64]


class Scores(NamedTuple):
    """A metric of each query; its mean is sum(values) / sum(weights).

    Attributes:
        values: (queries,) float64.
        weights: (queries,) float64, 1; less where an order of the ties leaves the query out, 0 where all do.
    """

    values: Floats
    weights: Floats

    @property
    def mean(self) -> float:
        """The metric; NaN where it is a mean over nothing."""
        total = self.weights.sum()
        return float(self.values.sum() / total) if total > 0 else float("nan")


class Metric(MetricName):
    """A metric that was asked for by its name."""

    @property
    def extremes(self) -> tuple["Metric", "Metric"]:
        """What bounds it: itself with the ties in the worst and in the best order; misses count 0 there."""
        named = self.name.replace("_misses_dropped", "_misses_zero").replace(f"_{self.ties}", "_{}", 1)
        return parse(named.format("worst_ties")), parse(named.format("best_ties"))

    def at_extreme(self, tied: Graded, settled: Graded) -> Scores:
        """Measure in the worst or in the best order of the ties, whichever the name says.

        That is relevant items last or first within each tie, but for the divisor `found`, which depends on the order.
        With `_misses_dropped` it is that order as well, though no extreme of the mean; `dropped.bounds` has that.

        Args:
            tied: items of each grade at each distance.
            settled: the same in the worst or the best order.
        """
        if self.over != "found":
            return self.of(settled)
        binary = Graded(np.stack([tied.items - tied.relevant, tied.relevant], axis=2))
        values = bounds_over_found(tied if self.graded else binary, self.k or 1)[self.ties == "best_ties"]
        return Scores(values, np.ones(len(values)))

    def of(self, counted: Graded) -> Scores:
        """Measure the rankings of queries, of which the order of the ties has been settled or is random.

        Args:
            counted: items of each grade at each distance.
        """
        if self.measure == "precision_radius":
            values = precision_within(Histograms(counted.items, counted.relevant), self.k or 0)
            weights = np.ones(len(values)) if self.misses == "zero" else 1.0 - np.isnan(values)
            return Scores(np.nan_to_num(values), weights)
        if self.graded:
            values = self._graded(counted)
            return Scores(np.nan_to_num(values), 1.0 - np.isnan(values))
        values = self._binary(Histograms(counted.items, counted.relevant))
        if self.misses == "dropped":
            longest = int(counted.items.sum(axis=1).max(initial=1))
            return Scores(values, cutoffs.hit_rate_at(Histograms(counted.items, counted.relevant), self.k or longest))
        return Scores(values, np.ones(len(values)))

    def _binary(self, counts: Histograms) -> Floats:
        if self.measure == "map" and self.k is None:
            return average_precision.expected(counts)
        if self.measure == "map" and self.over == "k":
            sums = average_precision.expected_at(counts, self.k or 1, "all") * counts.relevant.sum(axis=1)
            return sums / (self.k or 1)
        if self.measure == "map":
            return average_precision.expected_at(counts, self.k or 1, self.over)  # type: ignore[arg-type]
        if self.measure == "map_trapezoid":
            return trapezoid.expected_trapezoid(counts)
        at_k: Any = getattr(cutoffs, f"{self.measure}_over_{self.over}_at" if self.over else f"{self.measure}_at")
        values: Floats = at_k(counts, self.k)
        return values

    def _graded(self, counted: Graded) -> Floats:
        if self.measure == "wmap":
            return graded.weighted_average_precision(counted, self.k, self.over or "all")  # type: ignore[arg-type]
        return (graded.ndcg_at if self.measure == "ndcg" else graded.acg_at)(counted, self.k or 1)


def parse(name: str) -> Metric:
    """Understand the name of a metric.

    Args:
        name: see `bitscape.core.metric_names`.

    Raises:
        BitscapeError: if it is none, telling which part is wrong.
    """
    return Metric(**vars(read_name(name)))


def measure(
    names: Sequence[str], queries: Codes, database: Codes, truth: Truth, counted: Graded | None = None
) -> dict[str, Scores]:
    """Measure several metrics of each query.

    Args:
        names: of the metrics.
        queries: (queries, bits / 8) uint8, packed codes.
        database: (items, bits / 8) uint8, packed codes.
        truth: what each query should find.
        counted: `truth.counts(queries, database)`, where it is there already.

    Returns:
        Name -> scores, in the order of the names.

    Raises:
        BitscapeError: if a name is none, or the shapes do not fit together.
    """
    metrics = [parse(name) for name in names]
    found: dict[str, list[Scores]] = {metric.name: [] for metric in metrics}
    counted = truth.counts(queries, database) if counted is None else counted
    for ties, order in (("expected", None), ("best_ties", best_order), ("worst_ties", worst_order)):
        wanted = [metric for metric in metrics if metric.ties == ties]
        for tied in in_blocks(counted) if wanted else ():
            settled = order(tied) if order else tied
            for metric in wanted:
                found[metric.name].append(metric.at_extreme(tied, settled) if order else metric.of(tied))
    stored = [metric for metric in metrics if metric.ties == "first_come"]
    for number, query in enumerate(queries if stored else ()):
        ranking = first_come(query, database, truth.grades(number))
        for metric in stored:
            found[metric.name].append(metric.of(ranking))
    nothing = Scores(np.empty(0), np.empty(0))
    return {name: Scores(*map(np.concatenate, zip(nothing, *parts, strict=True))) for name, parts in found.items()}
