"""How sure the order of the methods is: the first against each other one, query by query."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from bitscape.reporting.columns import column
from bitscape.reporting.result import Result
from bitscape.retrieval.bootstrap import Difference, paired_difference


class Contest(NamedTuple):
    """The first method against another.

    Attributes:
        result: of the other.
        number: its place in `params.methods`.
        difference: of average precision, the first minus the other, over the queries of both.
        certain: whether the 95 % interval leaves 0 out.
    """

    result: Result
    number: int
    difference: Difference
    certain: bool


def against_the_first(
    results: Sequence[Result], methods: Sequence[str], metric: str, seed: int
) -> tuple[Result | None, list[Contest]]:
    """Compare the best of a code length with the others.

    Args:
        results: of one code length, those that were trained.
        methods: their order, which gives each its number.
        metric: what is ranked by.
        seed: of the bootstrap.

    Returns:
        The first, None where nothing was measured; and the contests, the closest ranking first.
    """
    direction = -1 if column(metric).better == "high" else 1
    ranked = sorted((one for one in results if metric in one.metrics), key=lambda one: direction * one.metric(metric))
    contests = []
    for other in ranked[1:]:
        gap = paired_difference(ranked[0].average_precision, other.average_precision, seed)
        if not math.isnan(gap.mean):
            contests.append(Contest(other, methods.index(other.method), gap, gap.low > 0 or gap.high < 0))
    return (ranked[0] if ranked else None), contests
