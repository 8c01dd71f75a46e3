"""A protocol: which photographs are searched, which ask, which are junk, what relevance is, and what is measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bitscape.core.errors import BitscapeError
from bitscape.core.metric_names import EmptyQuery

Relevance = Literal["auto", "landmark", "labels", "given"]
OWN = "unseen-photographs"
"""The pipeline's own."""


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
