"""Metrics of each class, also where a photograph has several: what the macro mean is taken of."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bitscape.core.errors import BitscapeError
from bitscape.core.metric_names import EmptyQuery
from bitscape.hamming.codes import Codes
from bitscape.retrieval.metrics import Scores, measure
from bitscape.retrieval.truth import Classes

if TYPE_CHECKING:
    from scipy.sparse import csc_array


class OfClass(NamedTuple):
    """What a metric found for the queries of one class.

    Attributes:
        queries: (q,) int, which queries have the class, ascending.
        scores: (q,) of each of them.
    """

    queries: NDArray[np.int64]
    scores: Scores


class Memberships(NamedTuple):
    """Which classes each photograph has, none, one or several.

    Attributes:
        queries: sparse (queries, classes) of 0 and 1.
        items: sparse (items, classes).
        names: of the classes.
    """

    queries: "csc_array"
    items: "csc_array"
    names: tuple[str, ...]


def memberships(queries: Sequence[Sequence[str]], items: Sequence[Sequence[str]]) -> Memberships:
    """Sort photographs into classes by their labels.

    Args:
        queries: labels of each query.
        items: labels of each item of the database.

    Returns:
        The classes in the order of their names.
    """
    from scipy.sparse import csc_array

    names = sorted({label for labels in (*queries, *items) for label in labels})
    place = {name: number for number, name in enumerate(names)}

    def has(rows: Sequence[Sequence[str]]) -> "csc_array":
        own = [sorted({place[label] for label in labels}) for labels in rows]
        columns = np.array([number for numbers in own for number in numbers], dtype=np.int64)
        row = np.repeat(np.arange(len(rows)), [len(numbers) for numbers in own])
        return csc_array((np.ones(len(columns), np.int32), (row, columns)), shape=(len(rows), len(names)))

    return Memberships(has(queries), has(items), tuple(names))


def measure_classes(
    names: Sequence[str], queries: Codes, database: Codes, members: Memberships, empty_query: EmptyQuery
) -> dict[str, dict[str, OfClass]]:
    """Measure the rankings of each class: its queries are those that have it, and relevant is what has it as well.

    With one class for each photograph these are the same rankings as those of all classes together. With several, a
    query is in the mean of each class that it has, and relevance is yes or no, as the other shared classes are not
    asked for.

    Args:
        names: of metrics.
        queries: (queries, bytes) uint8, packed codes.
        database: (items, bytes) uint8, packed codes.
        members: the classes.
        empty_query: what queries count whose class nothing in the database has: with `exclude` such a class is in no
            mean.

    Returns:
        Metric -> class -> its queries' scores; without the classes that no query has.

    Raises:
        BitscapeError: if queries have a class that nothing in the database has, and that is an error.
    """
    found: dict[str, dict[str, OfClass]] = {name: {} for name in names}
    for number, told in enumerate(members.names):
        asking, has = _rows(members.queries, number), np.zeros(len(database), dtype=np.int64)
        has[_rows(members.items, number)] = 1
        if len(asking) == 0 or (empty_query == "exclude" and not has.any()):
            continue
        if empty_query == "error" and not has.any():
            raise BitscapeError(
                f"{len(asking)} queries have the class {told!r}, which nothing in the database has; let queries "
                "without anything relevant be excluded or count zero to allow that."
            )
        truth = Classes(np.ones(len(asking), dtype=np.int64), has)
        for name, scores in measure(names, queries[asking], database, truth).items():
            if scores.weights.any():
                found[name][told] = OfClass(asking, scores)
    return found


def _rows(classes: "csc_array", number: int) -> NDArray[np.int64]:
    return classes.indices[classes.indptr[number] : classes.indptr[number + 1]].astype(np.int64)
