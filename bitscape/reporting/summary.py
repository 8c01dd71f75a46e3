"""What came out, in sentences."""

import math
from collections.abc import Sequence

from bitscape.hamming.health import COLLAPSED
from bitscape.reporting.columns import column
from bitscape.reporting.names import title
from bitscape.reporting.result import Result
from bitscape.retrieval.bootstrap import paired_difference


def summarise(results: Sequence[Result], bits: int, metric: str, chance: float, seed: int) -> list[str]:
    """Tell which method ranks first at a code length, by how much and how surely.

    Args:
        results: all, also of methods that were not trained.
        bits: the code length.
        metric: what is ranked by.
        chance: expected mAP of a random order, NaN where it is not known.
        seed: of the bootstrap.

    Returns:
        Sentences of plain text; one that says so where nothing was measured.
    """
    direction = -1 if column(metric).better == "high" else 1
    ranked = [one for one in results if one.bits == bits and metric in one.metrics]
    ranked.sort(key=lambda one: direction * one.metric(metric))
    if not ranked:
        return [f"Nothing has the metric {metric} at {bits} bits: no method was trained, or no query has an answer."]
    first, *others = ranked
    told = [f"At {bits} bits {title(first.method)} ranks first with {metric} {first.metric(metric):.3f}."]
    if others:
        gap = paired_difference(first.average_precision, others[0].average_precision, seed)
        if not math.isnan(gap.mean):
            certain = "" if gap.low > 0 or gap.high < 0 else ", so that the order of the two is not certain"
            told.append(
                f"{title(others[0].method)} follows with {others[0].metric(metric):.3f}: its average precision is "
                f"lower on {gap.wins} queries and higher on {gap.losses}, the mean difference is {gap.mean:.3f} "
                f"(95 % interval over the choice of queries {gap.low:.3f} to {gap.high:.3f}){certain}."
            )
    if not math.isnan(chance):
        told.append(f"A random order would reach {chance:.3f}.")
    return told


def warnings(results: Sequence[Result]) -> list[str]:
    """Tell what the reader must not overlook: methods without a result, and codes that have collapsed."""
    told = [f"{one.title}: not trained. {one.reason}" for one in results if one.reason is not None]
    for one in results:
        share = one.metrics.get("largest_identical_share", 0.0)
        if share > COLLAPSED:
            told.append(
                f"{one.title}: the codes have collapsed. {share:.0%} of the database have one and the same code; "
                "the upper bound of the mAP means nothing here."
            )
    return told
