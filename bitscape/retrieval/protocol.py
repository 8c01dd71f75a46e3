"""A protocol: which photographs are searched, which ask, which are junk, what relevance is, and what is measured."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bitscape.core.errors import BitscapeError
from bitscape.core.metric_names import EmptyQuery

if TYPE_CHECKING:
    import pandas as pd

    from bitscape.retrieval.truth import Grades

Relevance = Literal["auto", "landmark", "labels", "given"]


class Selection(NamedTuple):
    """A protocol applied to a collection.

    Attributes:
        database: indices of the photographs that are searched, ascending.
        queries: indices of those that ask, ascending.
        truth: what each query should find; places count the database.
    """

    database: NDArray[np.intp]
    queries: NDArray[np.intp]
    truth: "Grades"


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

    def select(self, collection: "pd.DataFrame") -> Selection:
        """Apply the protocol to a collection with labels or landmarks.

        Args:
            collection: columns `split`, `labels` and `landmark`, as `read_collection` gives it.

        Returns:
            Who is searched, who asks, and what they should find.

        Raises:
            BitscapeError: if the collection has not what the protocol asks for.
        """
        from scipy.sparse import csr_array

        from bitscape.retrieval.truth import Grades
        from bitscape.supervision.relevance import same_landmark, shared_labels

        if self.relevance == "given":
            raise BitscapeError(
                f"The protocol {self.name} takes lists of relevant photographs and junk, which no collection has; "
                f"give them to `bitscape score --protocol {self.name} --relevance`."
            )
        searched = np.flatnonzero(collection["split"].isin(self.database).to_numpy(dtype=bool))
        asking = np.flatnonzero((collection["split"] == self.queries).to_numpy(dtype=bool))
        names, labels = collection["landmark"], collection["labels"]
        has = {"landmark": bool(names.notna().any()), "labels": bool((labels.map(len) > 0).any())}
        wanted = ("landmark", "labels") if self.relevance == "auto" else (self.relevance,)
        source = next((name for name in wanted if has[name]), None)
        if source is None:
            raise BitscapeError(
                f"The protocol {self.name} needs {' or '.join(wanted)}, and no photograph of the collection has any; "
                f"fill that column of data/labels.csv, or choose another protocol, such as {OWN}."
            )
        if self.unseen:
            asking = self._unseen(collection, asking)
        if source == "landmark":
            relevance = same_landmark(names.iloc[asking].tolist(), names.iloc[searched].tolist())
        else:
            relevance = shared_labels(labels.iloc[asking].tolist(), labels.iloc[searched].tolist())
        _, row, column = np.intersect1d(asking, searched, assume_unique=True, return_indices=True)
        itself = csr_array((np.ones(len(row), np.int32), (row, column)), shape=relevance.shape)
        return Selection(searched, asking, Grades(relevance, itself if itself.nnz else None))

    def _unseen(self, collection: "pd.DataFrame", asking: NDArray[np.intp]) -> NDArray[np.intp]:
        """Keep the queries of landmarks that nothing was learned of."""
        learned = set(collection["landmark"][collection["split"] == "train"].dropna())
        names = collection["landmark"].iloc[asking]
        kept = asking[(names.notna() & ~names.isin(learned)).to_numpy(dtype=bool)]
        if len(kept) == 0:
            raise BitscapeError(
                "Photographs of every landmark among the queries were trained on, so that none is unseen; "
                "set prepare.unseen to landmarks, which makes the splits anew."
            )
        return kept


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
