"""How the metrics are called in the report, which direction is good, and what each means in a line."""

import re
from typing import Literal, NamedTuple

Better = Literal["high", "low"]


class Column(NamedTuple):
    """A metric for people.

    Attributes:
        name: as in `metrics/*.json`.
        label: short, for the head of a table.
        better: which direction is good; None where neither is.
        meaning: one sentence.
    """

    name: str
    label: str
    better: Better | None
    meaning: str


KNOWN: tuple[tuple[str, str, Better | None, str], ...] = (
    (
        "map_expected",
        "mAP",
        "high",
        "Mean average precision over the whole ranking: the expectation over a random order of the photographs that "
        "have the same distance. 1 is perfect.",
    ),
    ("map_worst_ties", "mAP, worst ties", "high", "The same, with every tie in the worst order: a lower bound."),
    ("map_best_ties", "mAP, best ties", "high", "The same, with every tie in the best order: an upper bound."),
    (
        "map_expected_learned_database",
        "mAP, learned",
        "high",
        "The same against codes that a method has learned of each training photograph, in the place of the codes that "
        "its network computes.",
    ),
    (
        "map_expected_macro",
        "mAP, macro",
        "high",
        "The mean of the classes' mAP, so that each class counts the same however many queries it has. With several "
        "labels a query counts in each of its classes, and relevant is what has the class as well.",
    ),
    (
        r"map_expected_at_(\d+)_over_min_rk",
        "mAP@{0}",
        "high",
        "Expected mean average precision of the first {0} results, divided by the smaller of {0} and the number of "
        "relevant photographs.",
    ),
    (
        r"precision_expected_at_(\d+)",
        "P@{0}",
        "high",
        "Share of relevant photographs among the first {0} results, expected over ties; what ATH calls the hit ratio.",
    ),
    (
        r"precision_expected_at_(\d+)_over_last",
        "P@{0}, to the last",
        "high",
        "Share of relevant photographs among the first {0} results, or up to the last relevant one where that is "
        "nearer: mP@{0} of revisited Oxford and Paris.",
    ),
    (
        r"recall_expected_at_(\d+)",
        "R@{0}",
        "high",
        "Share of all relevant photographs that are among the first {0} results, expected over ties.",
    ),
    (
        r"ndcg_expected_at_(\d+)",
        "NDCG@{0}",
        "high",
        "Discounted gains 2^grade - 1 of the first {0} results, divided by those of the best order there is.",
    ),
    (r"acg_expected_at_(\d+)", "ACG@{0}", "high", "Mean grade of the first {0} results, expected over ties."),
    (
        "wmap_expected",
        "weighted mAP",
        "high",
        "As mAP with the mean grade so far in the place of the precision, expected over ties.",
    ),
    (
        r"precision_radius_(\d+)_empty_zero",
        "P, radius {0}",
        "high",
        "Share of relevant photographs within Hamming distance {0} of a query; a query with nothing so near counts 0.",
    ),
    (
        "distinct_codes_share",
        "distinct codes",
        "high",
        "Number of distinct codes in the database, divided by its photographs. 1: no two share a code.",
    ),
    (
        "largest_identical_share",
        "largest group",
        "low",
        "Share of the database that has the most frequent code. Above 0.5 the codes have collapsed.",
    ),
    ("bit_imbalance", "imbalance", "low", "Mean over the bits of |mean of the bit as -1 and +1|. 0: as many of each."),
    (
        "bit_correlation",
        "correlation",
        "low",
        "Mean |correlation| of two bits. 0: every bit tells something new; a constant bit counts 1.",
    ),
    (
        "largest_tie_share",
        "largest tie",
        "low",
        "Share of the database at the distance from a query at which most photographs are; mean over the queries.",
    ),
    ("queries", "queries", None, "Query photographs in the means."),
    (
        "queries_without_relevant",
        "nothing to find",
        None,
        "Query photographs for which the database holds nothing relevant; they are in no mean, or count 0 where "
        "`evaluate.empty_query` says so.",
    ),
)


def column(name: str) -> Column:
    """Describe a metric; one that is not known is described by its name alone, higher being better."""
    for pattern, label, better, meaning in KNOWN:
        match = re.fullmatch(pattern, name)
        if match:
            return Column(name, label.format(*match.groups()), better, meaning.format(*match.groups()))
    from bitscape.retrieval.protocols import PROTOCOLS  # brings numpy, without which the command line starts

    for protocol in PROTOCOLS.values():
        if name in protocol.listed:
            inner = column(protocol.listed[name])
            told = f"{inner.meaning} Under the protocol {protocol.name}. {protocol.told}".strip()
            return Column(name, f"{protocol.name}: {inner.label}", inner.better, told)
    return Column(name, name.replace("_", " "), "high", "")


def best(better: Better | None, values: list[float]) -> set[int]:
    """Which of `values` are the best to four digits; none where all are equal or neither direction is good."""
    rounded = {index: float(f"{value:.4g}") for index, value in enumerate(values) if value == value}
    if better is None or len(set(rounded.values())) < 2:
        return set()
    top = max(rounded.values()) if better == "high" else min(rounded.values())
    return {index for index, value in rounded.items() if value == top}
