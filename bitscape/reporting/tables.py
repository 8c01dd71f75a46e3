"""The tables of the report: one row for each method, grouped by code length, the best of each group marked."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from bitscape.reporting.columns import Column, best, column
from bitscape.reporting.result import Result

NOTHING = "-"
ONLY_IN_CSV = ("recall_", "acg_")
"""They tell little beside precision and NDCG at the same rank; the table of the page has a width."""
RANKINGS = re.compile(r"(.*_)?(map|precision|recall|hit_rate|reciprocal_rank|ndcg|acg|wmap)_.*")
"""Names of rankings' metrics, with or without that of a protocol before them."""


class Cell(NamedTuple):
    """A number of the table.

    Attributes:
        text: with three decimals, or `NOTHING`.
        best: whether it is the best of its column in its group.
        share: the value between 0 and 1, for the bar behind it; 0 where it has none.
    """

    text: str
    best: bool
    share: float


class Row(NamedTuple):
    """A method at one code length.

    Attributes:
        result: of the method.
        number: its place among the methods.
        cells: one for each column.
        bounds: of its mAP over ties, as text.
        interval: 95 % over queries of the ranking metric, as text.
        whisker: left end and width of the interval between 0 and 1; None without one.
    """

    result: Result
    number: int
    cells: list[Cell]
    bounds: str
    interval: str
    whisker: tuple[float, float] | None


class Group(NamedTuple):
    """All methods at one code length, the best by the ranking metric first."""

    bits: int
    rows: list[Row]


def columns_of(names: Sequence[str], health: bool) -> list[Column]:
    """The columns of the table of rankings, or of the table of code health."""
    elsewhere = {"queries", "queries_without_relevant", "map_worst_ties", "map_best_ties"}
    elsewhere |= {name for name in names if name.startswith(ONLY_IN_CSV)}
    chosen = [name for name in names if bool(RANKINGS.fullmatch(name)) is not health and name not in elsewhere]
    return [column(name) for name in chosen]


def group(
    results: Sequence[Result], methods: Sequence[str], lengths: Sequence[int], columns: Sequence[Column], metric: str
) -> list[Group]:
    """Build the rows of a table.

    Args:
        results: all, also of methods that were not trained.
        methods: their order, which gives each its number.
        lengths: code lengths in the order of the groups.
        columns: what is shown.
        metric: what the rows of a group are ranked by; ties keep the order of the methods.

    Returns:
        One group for each code length.
    """
    direction = -1 if column(metric).better == "high" else 1
    groups = []
    for bits in lengths:
        own = [one for one in results if one.bits == bits]
        own.sort(key=lambda one: (metric not in one.metrics, direction * one.metrics.get(metric, 0)))
        marked = [best(each.better, [one.metric(each.name) for one in own]) for each in columns]
        rows = [
            Row(
                one,
                methods.index(one.method),
                [_cell(one, each, place in winners) for each, winners in zip(columns, marked, strict=True)],
                _bounds(one),
                *_interval(one),
            )
            for place, one in enumerate(own)
        ]
        groups.append(Group(bits, rows))
    return groups


def _cell(result: Result, shown: Column, is_best: bool) -> Cell:
    value = result.metric(shown.name)
    if value != value:
        return Cell(NOTHING, False, 0.0)
    return Cell(f"{value:.3f}", is_best, min(max(value, 0.0), 1.0))


def _bounds(result: Result) -> str:
    if "map_worst_ties" not in result.metrics:
        return NOTHING
    return f"{result.metric('map_worst_ties'):.3f} to {result.metric('map_best_ties'):.3f}"


def _interval(result: Result) -> tuple[str, tuple[float, float] | None]:
    low, high = result.interval("map_expected")
    if low != low:
        return NOTHING, None
    return f"{low:.3f} to {high:.3f}", (low, high - low)
