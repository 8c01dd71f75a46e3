"""Metrics by name, where the name is the definition: what is measured, in which order of the ties, up to which rank.

A name is `MEASURE_TIES[_at_K][_over_DIVISOR][_misses_POLICY]`, such as `map_expected`,
`map_first_come_at_100_over_found` or `reciprocal_rank_expected_at_10_misses_zero`; docs/metrics.md lists the parts.
Where ties do not matter it is `precision_radius_RADIUS_empty_POLICY`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bitscape.core.errors import BitscapeError

EmptyQuery = Literal["exclude", "zero", "error"]
"""A query without any relevant item: left out of all means, counted as 0, or an error."""
LEARNED_DATABASE = "map_expected_learned_database"
"""`map_expected` of the queries' codes against codes of the database that a method has learned one by one."""
MACRO = "map_expected_macro"
"""The mean over the classes of the `map_expected` of each, where relevance is of classes."""
MEASURES: dict[str, tuple[str, tuple[str, ...], bool]] = {
    # measure: whether it has a rank k (yes, no, maybe), what it can be divided by ("": by k), whether it needs grades
    "map": ("maybe", ("min_rk", "found", "all", "k"), False),
    "map_trapezoid": ("no", (), False),
    "precision": ("yes", ("", "last"), False),
    "recall": ("yes", (), False),
    "hit_rate": ("yes", (), False),
    "reciprocal_rank": ("maybe", (), False),
    "ndcg": ("yes", (), True),
    "acg": ("yes", (), True),
    "wmap": ("maybe", ("found", "all"), True),
}
NAME = re.compile(
    r"(?P<measure>[a-z_]+?)_(?P<ties>expected|worst_ties|best_ties|first_come)"
    r"(?:_at_(?P<k>[1-9]\d{0,8}))?(?:_over_(?P<over>[a-z_]+?))?(?:_misses_(?P<misses>zero|dropped))?"
)
BALL = re.compile(r"precision_radius_(?P<radius>0|[1-9]\d{0,8})_empty_(?P<empty>zero|skip)")


@dataclass(frozen=True)
class MetricName:
    """The parts of a name; `k` is a rank or a radius, `misses` what finding nothing counts."""

    name: str
    measure: str
    ties: str
    k: int | None
    over: str | None
    misses: str | None

    @property
    def graded(self) -> bool:
        """Whether it tells grades above 1 from 1."""
        return self.measure != "precision_radius" and MEASURES[self.measure][2]


def read_name(name: str) -> MetricName:
    """Understand the name of a metric.

    Args:
        name: see the module.

    Raises:
        BitscapeError: if it is none, telling which part is wrong.
    """
    ball = BALL.fullmatch(name)
    if ball:
        return MetricName(name, "precision_radius", "expected", int(ball["radius"]), None, ball["empty"])
    match = NAME.fullmatch(name)
    if not match or match["measure"] not in MEASURES:
        raise BitscapeError(
            f"There is no metric {name!r}; names are MEASURE_TIES[_at_K][_over_DIVISOR], with the measures "
            f"{', '.join(MEASURES)} and the ties expected, worst_ties, best_ties and first_come, or "
            "precision_radius_RADIUS_empty_zero or _empty_skip."
        )
    measure, k, over, misses = match["measure"], match["k"], match["over"], match["misses"]
    ranks, divisors, _ = MEASURES[measure]
    if ranks == ("no" if k else "yes"):
        raise BitscapeError(f"The metric {name!r} must have {'no' if k else 'a'} cut-off `_at_K`.")
    if (over or "") not in ((k and divisors) or ("",)):
        allowed = " or ".join(f"_over_{one}" if one else "no divisor" for one in divisors) or "no divisor"
        raise BitscapeError(f"The metric {name!r} must have {allowed} after its cut-off, and none without a cut-off.")
    if (misses is None) is (measure == "reciprocal_rank"):
        raise BitscapeError(f"The metric {name!r}: `_misses_zero` or `_misses_dropped` belongs to reciprocal_rank.")
    return MetricName(name, measure, match["ties"], int(k) if k else None, over, misses)


def ranking_names(cutoffs: Sequence[int], graded: bool = False) -> list[str]:
    """The rankings' metrics of the pipeline, which have bounds over the ties.

    Args:
        cutoffs: the ranks k.
        graded: whether there are grades above 1 to tell apart.
    """
    names = ["map_expected"]
    for form in ("map_expected_at_{}_over_min_rk", "precision_expected_at_{}", "recall_expected_at_{}"):
        names += [form.format(k) for k in cutoffs]
    if graded:
        names += [form.format(k) for form in ("ndcg_expected_at_{}", "acg_expected_at_{}") for k in cutoffs]
        names.append("wmap_expected")
    return names


def metric_names(cutoffs: Sequence[int], radius: int, graded: bool = False) -> list[str]:
    """The metrics of the pipeline, in the order in which they are listed; only letters, digits and underscores.

    Args:
        cutoffs: the ranks k.
        radius: Hamming distance of the precision within a radius.
        graded: whether there are grades above 1 to tell apart.
    """
    ties = ["map_expected", "map_worst_ties", "map_best_ties"]
    health = ["distinct_codes_share", "largest_identical_share", "bit_imbalance", "bit_correlation"]
    counts = ["largest_tie_share", "queries", "queries_without_relevant"]
    return [*ties, *ranking_names(cutoffs, graded)[1:], f"precision_radius_{radius}_empty_zero", *health, *counts]
