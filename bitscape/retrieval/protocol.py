"""A protocol: which photographs are searched, which ask, which are junk, what relevance is, and what is measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bitscape.core.errors import BitscapeError
from bitscape.core.metric_names import EmptyQuery

Relevance = Literal["auto", "landmark", "labels", "given"]


@dataclass(frozen=True)
class Protocol:
    """How codes are measured.

    Attributes:
        name: as `bitscape score --protocol` takes it.
        told: one sentence: what it is, and where it comes from.
        metrics: names of `bitscape.retrieval.metrics`, the first is the one to compare by.
        empty_query: what a query without any relevant item counts.
        database: the splits that are searched.
        queries: the split that asks. Where it is searched as well, each query is its own junk.
        relevance: where it comes from; `given` by lists, which can hold junk.
        unseen: no landmark of the photographs trained on may be among the queries.
        learned: the photographs trained on have the codes that the method learned one by one, where it learns such,
            and not those of its network: asymmetric retrieval.
    """

    name: str
    told: str
    metrics: tuple[str, ...]
    empty_query: EmptyQuery = "exclude"
    database: tuple[str, ...] = ("train", "database")
    queries: str = "query_test"
    relevance: Relevance = "auto"
    unseen: bool = False
    learned: bool = False

    @property
    def listed(self) -> dict[str, str]:
        """Its metrics by their names beside the pipeline's own: these are what `unseen-photographs` adds, so none."""
        if self.name == OWN:
            return {}
        return {f"{self.name.replace('-', '_')}_{metric}": metric for metric in self.metrics}

    def source(
        self, landmarks: Sequence[str | None], labels: Sequence[Sequence[str]]
    ) -> tuple[Literal["landmark", "labels"], list[list[str]]]:
        """Find what makes photographs relevant to each other.

        Args:
            landmarks: (n,) of each photograph, or None.
            labels: (n,) of each photograph.

        Returns:
            Where it comes from, and (n,) what each photograph has of it. Where landmarks are unseen and no photograph
            has one, its one label takes the place, as `prepare.unseen` has it.

        Raises:
            BitscapeError: if the collection has not what the protocol asks for.
        """
        if self.relevance == "given":
            raise BitscapeError(
                f"The protocol {self.name} takes lists of relevant photographs and junk, which no collection has; "
                f"give them to `bitscape score --protocol {self.name} --relevance`."
            )
        known = {"landmark": [[name] if isinstance(name, str) else [] for name in landmarks], "labels": labels}
        if self.unseen and not any(known["landmark"]) and all(len(one) < 2 for one in labels):
            known["landmark"] = labels
        wanted: tuple[Literal["landmark", "labels"], ...] = ("landmark", "labels")
        if self.relevance != "auto":
            wanted = (self.relevance,)
        for name in wanted:
            if any(len(one) for one in known[name]):
                return name, [list(one) for one in known[name]]
        raise BitscapeError(
            f"The protocol {self.name} needs {' or '.join(wanted)}, and no photograph of the collection has any; "
            f"fill that column of data/labels.csv, or choose another protocol, such as {OWN}."
        )

    def asking(self, shown: Sequence[Sequence[str]], splits: Sequence[str]) -> list[int]:
        """Find the queries.

        Args:
            shown: (n,) what each photograph has of the source.
            splits: (n,) the split of each.

        Returns:
            Places of those that ask, ascending; of unseen landmarks alone where the protocol says so.

        Raises:
            BitscapeError: if all landmarks of queries were trained on, and none may be.
        """
        queries = [index for index, split in enumerate(splits) if split == self.queries]
        if not self.unseen:
            return queries
        learned = {name for names, split in zip(shown, splits, strict=True) if split == "train" for name in names}
        queries = [index for index in queries if shown[index] and not learned & {*shown[index]}]
        if not queries:
            raise BitscapeError(
                "Photographs of every landmark among the queries were trained on, so that none is unseen; "
                "set prepare.unseen to landmarks, which makes the splits anew."
            )
        return queries


OWN = "unseen-photographs"
"""The pipeline's own."""
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
                f"Revisited Oxford and Paris, {setting}: {rule}; queries without any are dropped, trapezoids.",
                INSTANCES,
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
"""The protocols of the six papers and this project's two. Each is the ranking by codes; ATH's authors rank by real
outputs, and the papers' own handling of ties is a sort's order, which `first_come` in the place of `expected` gives."""


def find_protocol(name: str) -> Protocol:
    """Look a protocol up.

    Raises:
        BitscapeError: with the names that there are.
    """
    if name not in PROTOCOLS:
        raise BitscapeError(f"There is no protocol {name!r}; there are {', '.join(PROTOCOLS)}.")
    return PROTOCOLS[name]
