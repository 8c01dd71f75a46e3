"""The card of what was measured: each metric with its interval and its bounds, the health of the codes, the curves."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bitscape.hamming.health import Health
from bitscape.retrieval.metrics import Scores
from bitscape.retrieval.precision_recall import ByRadius


@dataclass(frozen=True)
class Line:
    """A metric, NaN where it is a mean over nothing.

    Attributes:
        name: that carries its definition.
        mean: over the queries.
        low: lower end of the 95 % interval over the choice of queries.
        high: its upper end.
        worst_ties: the lowest mean of all orders of the ties; None where the name says an order.
        best_ties: the highest, likewise.
        per_class: class -> mean over the queries of the class (see `per_class`); empty without classes.
        macro_low: lower end of the 95 % interval of `macro`; NaN without classes.
        macro_high: its upper end.
    """

    name: str
    mean: float
    low: float
    high: float
    worst_ties: float | None = None
    best_ties: float | None = None
    per_class: dict[str, float] = field(default_factory=dict)
    macro_low: float = float("nan")
    macro_high: float = float("nan")

    @property
    def macro(self) -> float:
        """The mean of the classes' means; NaN without classes."""
        return float(np.mean(list(self.per_class.values()))) if self.per_class else float("nan")


@dataclass(frozen=True)
class Card:
    """What `score` finds.

    Attributes:
        lines: one for each metric that was asked for.
        health: of the codes of the database.
        queries: queries in the means.
        without_relevant: queries that nothing is relevant to.
        largest_tie: most items that are at one distance from a query.
        skipped: metrics with gains of 2^grade, where the grades are too large for that.
        curves: recall and precision within each radius.
        scores: of each query, by the metric's name; not in the JSON.
    """

    lines: list[Line]
    health: Health
    queries: int
    without_relevant: int
    largest_tie: int
    skipped: list[str]
    curves: ByRadius
    scores: dict[str, Scores]

    def to_json(self) -> dict[str, Any]:
        """Everything as plain JSON; what is not a number is null."""
        return {
            "metrics": {line.name: _line(line) for line in self.lines},
            "health": {name: _plain(value) for name, value in self.health._asdict().items()},
            "queries": self.queries,
            "queries_without_relevant": self.without_relevant,
            "largest_tie": self.largest_tie,
            "curves": {
                name: [_plain(one) for one in values.tolist()] for name, values in self.curves._asdict().items()
            },
        }


def _line(line: Line) -> dict[str, Any]:
    told = {name: _plain(getattr(line, name)) for name in ("mean", "low", "high", "worst_ties", "best_ties")}
    if not line.per_class:
        return told
    macro = {name: _plain(getattr(line, name)) for name in ("macro", "macro_low", "macro_high")}
    return {**told, **macro, "per_class": line.per_class}


def _plain(value: float | None) -> float | None:
    return None if value is None or value != value else float(value)
