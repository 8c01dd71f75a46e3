"""The protocols of the six papers, and this project's two."""

from bitscape.core.errors import BitscapeError
from bitscape.retrieval.protocol import OWN, Protocol

REVISITED = ("map_trapezoid_expected", *(f"precision_expected_at_{k}_over_last" for k in (1, 5, 10)))
INSTANCES = ("map_trapezoid_expected", "precision_expected_at_1", "precision_expected_at_5", "precision_expected_at_10")
PROTOCOLS = {
    one.name: one
    for one in (
        Protocol(
            OWN,
            "Other photographs of what was trained on ask the photographs trained on and those set aside; the "
            "pipeline's own protocol.",
            ("map_expected", "precision_expected_at_5", "recall_expected_at_20", "precision_radius_2_empty_zero"),
        ),
        Protocol(
            "unseen-landmarks",
            "Photographs of landmarks that nothing was learned of ask those of `database` and each other; each query "
            "is its own junk, as in Holidays.",
            ("map_expected", "precision_expected_at_5", "recall_expected_at_20"),
            database=("database", "query_test"),
            relevance="landmark",
            unseen=True,
        ),
        Protocol(
            "bcdh-oxford",
            "Oxford5k and Paris6k (BCDH): good and ok are relevant, junk is taken out, trapezoids.",
            INSTANCES,
            relevance="given",
        ),
        Protocol(
            "bcdh-holidays",
            "Holidays (BCDH): the query itself is the only junk, trapezoids.",
            INSTANCES,
            relevance="given",
        ),
        *(
            Protocol(
                f"revisited-{setting}",
                f"Revisited Oxford and Paris, {setting}: {rule}; queries without any are dropped, trapezoids, "
                "precision up to the last relevant one.",
                REVISITED,
                relevance="given",
            )
            for setting, rule in (
                ("easy", "easy ones are relevant, hard ones junk"),
                ("medium", "easy and hard ones are relevant"),
                ("hard", "hard ones are relevant, easy ones junk"),
            )
        ),
        Protocol(
            "dsrh",
            "DSRH's code: the grade is the number of shared labels, the training photographs are searched; its "
            "weighted mAP counts the relevant ones found in 5,000.",
            (
                "ndcg_expected_at_100",
                "acg_expected_at_100",
                "wmap_expected_at_5000_over_found",
                "wmap_expected",
                "precision_expected_at_100",
            ),
            empty_query="zero",
            database=("train",),
            relevance="labels",
        ),
        Protocol(
            "ath",
            "ATH's code at 10 results: hit ratio (precision), precisions summed and divided by k, 1 / rank over the "
            "queries with a hit; the training photographs are searched.",
            (
                "precision_expected_at_10",
                "map_expected_at_10_over_k",
                "reciprocal_rank_expected_at_10_misses_dropped",
                "map_expected_at_10_over_found",
                "reciprocal_rank_expected_at_10_misses_zero",
            ),
            empty_query="zero",
            database=("train",),
            relevance="labels",
        ),
        Protocol(
            "dsah",
            "DSAH's code: mAP over all, 1,000 and 5,000 results, divided by the relevant ones found; queries without "
            "any count 0.",
            (
                "map_expected_at_5000_over_found",
                "map_expected_at_1000_over_found",
                "map_expected",
                "precision_expected_at_1000",
                "recall_expected_at_1000",
            ),
            empty_query="zero",
            relevance="labels",
        ),
        Protocol(
            "rvssdh",
            "As SSDH, which RV-SSDH follows: mAP over the whole ranking of the training photographs, precision at k.",
            ("map_expected", "precision_expected_at_100", "precision_expected_at_1000"),
            database=("train",),
            relevance="labels",
        ),
        Protocol(
            "exchnet",
            "ExchNet's successors' code: mAP over the whole ranking of the training photographs, whose codes the "
            "method has learned one by one (asymmetric); queries without any relevant count 0.",
            ("map_expected",),
            empty_query="zero",
            database=("train",),
            relevance="labels",
            learned=True,
        ),
    )
}
"""By name. Each is the ranking by codes; ATH's authors rank by real
outputs, and the papers' own handling of ties is a sort's order, which `first_come` in the place of `expected` gives."""


def find_protocol(name: str) -> Protocol:
    """Look a protocol up.

    Raises:
        BitscapeError: with the names that there are.
    """
    if name not in PROTOCOLS:
        raise BitscapeError(f"There is no protocol {name!r}; there are {', '.join(PROTOCOLS)}.")
    return PROTOCOLS[name]
