"""What each query should find: by class, by shared labels, or by lists, with junk that is in no ranking."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from bitscape.core.errors import BitscapeError
from bitscape.hamming.codes import Codes
from bitscape.hamming.junk import mark_junk
from bitscape.hamming.ranking import class_histograms, histograms
from bitscape.retrieval.graded import Graded, graded_histograms

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from bitscape.retrieval.per_class import Memberships

LEVELS = 32
"""Grades up to here make gains of 2^grade; larger ones, such as shared 3D points, are only relevant or not."""
Setting = Literal["easy", "medium", "hard"]


class Truth(Protocol):
    """What metrics need to know of relevance."""

    @property
    def members(self) -> "Memberships | None":
        """The classes to measure one by one, where photographs can have several, or None."""

    @property
    def gains(self) -> bool:
        """Whether the grades are small enough for gains of 2^grade; else items are relevant or not."""

    def counts(self, queries: Codes, database: Codes) -> Graded:
        """Count the items of each grade at each distance from each query, junk left out."""

    def grades(self, query: int) -> NDArray[np.int32]:
        """(items,) int32 grade of each item for one query, `JUNK` where it is taken out."""


@dataclass(frozen=True)
class Classes:
    """One class for each photograph; relevant are those of the query's class. No pair is ever held.

    Attributes:
        queries: (queries,) integers.
        items: (items,) integers.
        names: of the classes 0, 1, ...; None where the integers have none.
    """

    queries: NDArray[np.int64]
    items: NDArray[np.int64]
    names: tuple[str, ...] | None = None
    gains: ClassVar[bool] = True
    members: ClassVar[None] = None

    def counts(self, queries: Codes, database: Codes) -> Graded:
        """Count items of the query's class, and others, at each distance."""
        counts = class_histograms(queries, database, self.queries, self.items)
        return Graded(np.stack([counts.items - counts.relevant, counts.relevant], axis=2))

    def grades(self, query: int) -> NDArray[np.int32]:
        """1 for the items of the query's class."""
        return (self.items == self.queries[query]).astype(np.int32)


class Grades:
    """A sparse matrix of grades, `JUNK` where an item is in no ranking of the query."""

    def __init__(self, relevance: "csr_array", junk: "csr_array | None" = None, members: "Memberships | None" = None):
        """Hold the grades.

        Args:
            relevance: (queries, items) integers; above 0 is relevant.
            junk: (queries, items); what is not 0 becomes `JUNK`, relevant or not.
            members: the classes that the grades are of, if there are any, to measure each of them.

        Raises:
            BitscapeError: if the two have different shapes.
        """
        from scipy.sparse import csr_array

        self.relevance = csr_array(relevance) if junk is None else mark_junk(relevance, junk)
        self.members = members
        self.gains = int(self.relevance.data.max(initial=0)) < LEVELS

    def counts(self, queries: Codes, database: Codes) -> Graded:
        """Count items of each grade at each distance; where the grades are many, relevant or not."""
        if self.gains:
            return graded_histograms(queries, database, self.relevance)
        plain = histograms(queries, database, self.relevance)
        return Graded(np.stack([plain.items - plain.relevant, plain.relevant], axis=2))

    def grades(self, query: int) -> NDArray[np.int32]:
        """The row of grades of one query."""
        row = self.relevance[[query]].toarray()[0]
        return (row if self.gains else np.minimum(row, 1)).astype(np.int32)


def of_lists(relevant: Sequence[Sequence[int]], junk: Sequence[Sequence[int]], items: int) -> Grades:
    """Make relevance of lists, as the ground truth of Oxford, Paris and Holidays has them.

    Args:
        relevant: places in the database, for each query.
        junk: the same, of items that are in no ranking.
        items: size of the database.

    Returns:
        The truth.

    Raises:
        BitscapeError: naming the query with a place that the database has not.
    """
    return Grades(_matrix(relevant, items, "relevant"), _matrix(junk, items, "junk"))


def revisited(
    easy: Sequence[Sequence[int]],
    hard: Sequence[Sequence[int]],
    junk: Sequence[Sequence[int]],
    items: int,
    setting: Setting,
) -> Grades:
    """Make the truth of revisited Oxford and Paris (Radenovic et al., CVPR 2018; rules of their `revisitop` code).

    Args:
        easy: places in the database, for each query.
        hard: the same.
        junk: the same.
        items: size of the database.
        setting: `easy`: hard ones are junk; `medium`: both are relevant; `hard`: easy ones are junk.

    Returns:
        The truth; queries that nothing is relevant to are to be excluded.
    """
    none: list[Sequence[int]] = [[] for _ in easy]
    positive = {"easy": (easy, none), "medium": (easy, hard), "hard": (none, hard)}[setting]
    ignored = {"easy": hard, "medium": none, "hard": easy}[setting]
    relevant = [[*first, *second] for first, second in zip(*positive, strict=True)]
    return of_lists(relevant, [[*one, *other] for one, other in zip(junk, ignored, strict=True)], items)


def _matrix(lists: Sequence[Sequence[int]], items: int, name: str) -> "csr_array":
    from scipy.sparse import csr_array

    for query, one in enumerate(lists):
        wrong = [place for place in one if not 0 <= place < items]
        if wrong:
            raise BitscapeError(
                f"Query {query} names {wrong[0]} as {name}, but the database has the places 0 to {items - 1}; the "
                "lists must count the rows of the database's codes from 0."
            )
    rows = np.repeat(np.arange(len(lists)), [len(one) for one in lists])
    columns = np.array([place for one in lists for place in one], dtype=np.int64)
    matrix = csr_array((np.ones(len(columns), np.int32), (rows, columns)), shape=(len(lists), items))
    matrix.data[:] = 1  # an item that is named twice is relevant once
    return matrix
