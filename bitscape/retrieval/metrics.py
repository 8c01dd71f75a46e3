"""Metrics by name, where the name is the definition: what is measured, in which order of the ties, up to which rank.

A name is `MEASURE_TIES[_at_K][_over_DIVISOR][_misses_POLICY]`, such as `map_expected`,
`map_first_come_at_100_over_found` or `reciprocal_rank_expected_at_10_misses_zero`; docs/metrics.md lists the parts.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bitscape.core.errors import BitscapeError
from bitscape.hamming import average_precision
from bitscape.hamming.codes import Codes
from bitscape.hamming.ranking import Histograms
from bitscape.retrieval import cutoffs, graded, trapezoid
from bitscape.retrieval.graded import Graded
from bitscape.retrieval.orders import best_order, first_come, in_blocks, worst_order
from bitscape.retrieval.truth import Truth

Floats = NDArray[np.float64]
MEASURES: dict[str, tuple[str, tuple[str, ...], bool]] = {
    # measure: whether it has a rank k (yes, no, maybe), what it can be divided by, whether it needs grades
    "map": ("maybe", ("min_rk", "found", "all", "k"), False),
    "map_trapezoid": ("no", (), False),
    "precision": ("yes", (), False),
    "recall": ("yes", (), False),
    "hit_rate": ("yes", (), False),
    "reciprocal_rank": ("maybe", (), False),
    "ndcg": ("yes", (), True),
    "acg": ("yes", (), True),
    "wmap": ("maybe", ("found", "all"), True),
}
NAME = re.compile(
    r"(?P<measure>[a-z_]+?)_(?P<ties>expected|worst_ties|best_ties|first_come)"
    r"(?:_at_(?P<k>[1-9]\d*))?(?:_over_(?P<over>[a-z_]+?))?(?:_misses_(?P<misses>zero|dropped))?"
)
QUERIES_AT_ONCE = 256


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


@dataclass(frozen=True)
class Metric:
    """A metric that was asked for by its name."""

    name: str
    measure: str
    ties: str
    k: int | None
    over: str | None
    misses: str | None

    @property
    def graded(self) -> bool:
        """Whether it tells grades above 1 from 1."""
        return MEASURES[self.measure][2]

    @property
    def has_bounds(self) -> bool:
        """Whether the best and the worst order of the ties bound it: not where the divisor depends on the order."""
        return self.over != "found" and self.misses != "dropped"

    def with_ties(self, ties: str) -> "Metric":
        """The same with another order of the ties."""
        return parse(self.name.replace(f"_{self.ties}", f"_{ties}", 1))

    def of(self, counted: Graded) -> Scores:
        """Measure the rankings of queries, of which the order of the ties has been settled or is random.

        Args:
            counted: items of each grade at each distance.
        """
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
        at_k: Any = getattr(cutoffs, f"{self.measure}_at")
        values: Floats = at_k(counts, self.k)
        return values

    def _graded(self, counted: Graded) -> Floats:
        if self.measure == "wmap":
            return graded.weighted_average_precision(counted, self.k, self.over or "all")  # type: ignore[arg-type]
        return (graded.ndcg_at if self.measure == "ndcg" else graded.acg_at)(counted, self.k or 1)


def parse(name: str) -> Metric:
    """Understand the name of a metric.

    Args:
        name: see the module.

    Raises:
        BitscapeError: if it is none, telling which part is wrong.
    """
    match = NAME.fullmatch(name)
    if not match or match["measure"] not in MEASURES:
        raise BitscapeError(
            f"There is no metric {name!r}; names are MEASURE_TIES[_at_K][_over_DIVISOR], with the measures "
            f"{', '.join(MEASURES)} and the ties expected, worst_ties, best_ties and first_come."
        )
    measure, k, over, misses = match["measure"], match["k"], match["over"], match["misses"]
    ranks, divisors, _ = MEASURES[measure]
    if ranks == ("no" if k else "yes"):
        raise BitscapeError(f"The metric {name!r} must have {'no' if k else 'a'} cut-off `_at_K`.")
    if (over is not None) is not bool(divisors and k) or (over and over not in divisors):
        allowed = " or ".join(f"_over_{one}" for one in divisors) or "no divisor"
        raise BitscapeError(f"The metric {name!r} must have {allowed} after its cut-off, and none without a cut-off.")
    if (misses is None) is (measure == "reciprocal_rank"):
        raise BitscapeError(f"The metric {name!r}: `_misses_zero` or `_misses_dropped` belongs to reciprocal_rank.")
    return Metric(name, measure, match["ties"], int(k) if k else None, over, misses)


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
    for ties, rankings in (
        ("expected", in_blocks(counted, QUERIES_AT_ONCE)),
        ("best_ties", map(best_order, in_blocks(counted, QUERIES_AT_ONCE))),
        ("worst_ties", map(worst_order, in_blocks(counted, QUERIES_AT_ONCE))),
        ("first_come", _one_by_one(queries, database, truth)),
    ):
        wanted = [metric for metric in metrics if metric.ties == ties]
        for ranking in rankings if wanted else ():
            for metric in wanted:
                found[metric.name].append(metric.of(ranking))
    nothing = Scores(np.empty(0), np.empty(0))
    return {name: Scores(*map(np.concatenate, zip(nothing, *parts, strict=True))) for name, parts in found.items()}


def _one_by_one(queries: Codes, database: Codes, truth: Truth) -> Iterator[Graded]:
    for number, query in enumerate(queries):
        yield first_come(query, database, truth.grades(number))
