"""What the report knows of one method at one code length."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bitscape.hamming.codes import Codes
from bitscape.hamming.ranking import Histograms
from bitscape.reporting.names import title
from bitscape.retrieval.precision_recall import Curve

UNKNOWN = float("nan")
NO_CODES = np.empty((0, 1), dtype=np.uint8)
NO_NUMBERS = np.empty(0)
NO_CURVE = Curve(NO_NUMBERS, NO_NUMBERS)
NOTHING_COUNTED = Histograms(np.empty((0, 1), dtype=np.int64), np.empty((0, 1), dtype=np.int64))


@dataclass(frozen=True)
class Result:
    """One row of the comparison.

    Attributes:
        method: its name in `params.yaml`.
        bits: code length.
        reason: why the collection cannot train the method, and then all that follows is empty; otherwise None.
        metrics: name -> value, as `evaluate` wrote them.
        scores: name -> `mean`, `low`, `high` (95 % over queries), `worst_ties` and `best_ties`.
        average_precision: (queries,) float64, NaN for queries without any relevant photograph.
        curve: precision over recall on `query_test`.
        counts: items and relevant items at each distance from each query.
        queries: packed codes of `query_test`.
        database: packed codes of the database.
        history: column -> (epochs,) float64, as `train` wrote it.
        epoch: the one that was chosen on `query_val`.
    """

    method: str
    bits: int
    reason: str | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    scores: dict[str, dict[str, float | None]] = field(default_factory=dict)
    average_precision: NDArray[np.float64] = field(default_factory=lambda: NO_NUMBERS)
    curve: Curve = NO_CURVE
    counts: Histograms = NOTHING_COUNTED
    queries: Codes = field(default_factory=lambda: NO_CODES)
    database: Codes = field(default_factory=lambda: NO_CODES)
    history: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    epoch: int = 0

    @property
    def learned(self) -> bool:
        """Whether there was more than one epoch to choose from."""
        return len(self.history.get("epoch", ())) > 1

    @property
    def name(self) -> str:
        """METHOD-BITS, as in the names of files."""
        return f"{self.method}-{self.bits}"

    @property
    def title(self) -> str:
        """Method and code length for people."""
        return f"{title(self.method)}, {self.bits} bits"

    def interval(self, name: str) -> tuple[float, float]:
        """The 95 % interval of a metric over the choice of queries, NaN where it was not measured."""
        known = self.scores.get(name, {})
        low, high = known.get("low"), known.get("high")
        return (UNKNOWN, UNKNOWN) if low is None or high is None else (low, high)

    def metric(self, name: str) -> float:
        """The value of a metric, NaN where it was not measured."""
        return self.metrics.get(name, UNKNOWN)
