"""Relevance of labels, in each form in which they come."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitscape.core.errors import BitscapeError
from bitscape.retrieval.per_class import Memberships, memberships
from bitscape.retrieval.truth import Classes, Grades


def of_labels(queries: NDArray[Any], items: NDArray[Any]) -> Classes | Grades:
    """Make relevance of labels: the same class, or the number of shared labels.

    Args:
        queries: (queries,) one label each, or a list of labels each; or (queries, classes) of 0 and 1.
        items: the same, of the database.

    Returns:
        The truth.

    Raises:
        BitscapeError: if one has a label each and the other several, they are of other classes, or a label is missing.
    """
    both = (queries, items)
    for side, labels in zip(("queries", "database"), both, strict=True):
        missing = _missing(labels)
        if missing.any():
            raise BitscapeError(
                f"The labels of the {side} hold {missing.sum()} that are NaN or empty, the first of them for "
                f"code {missing.argmax()}; a missing label is no class: leave those codes out, or give lists "
                "of labels, in which a code can have none."
            )
    several = [labels.ndim == 2 or (labels.dtype == object and isinstance(labels[0], list)) for labels in both]
    if several[0] != several[1] or queries.ndim != items.ndim or queries.shape[1:] != items.shape[1:]:
        raise BitscapeError(
            f"The labels of the queries have the shape {queries.shape} and those of the database {items.shape}; both "
            "must be one label for each code, or both a column for each class."
        )
    if not several[0]:
        numbers = all(labels.dtype.kind in "biuf" for labels in both)  # 1 and 1.0 are one class
        given = np.concatenate(both if numbers else [labels.astype(str) for labels in both])
        names, codes = np.unique(given, return_inverse=True)
        return Classes(codes[: len(queries)], codes[len(queries) :], tuple(map(str, names)))
    if queries.ndim == 2:
        from scipy.sparse import csr_array

        own, theirs = (csr_array((labels != 0).astype(np.int32)) for labels in both)
        members = Memberships(own.tocsc(), theirs.tocsc(), tuple(map(str, range(queries.shape[1]))))
        return Grades(csr_array(own @ theirs.T), members=members)
    from bitscape.supervision.relevance import shared_labels

    lists = queries.tolist(), items.tolist()
    return Grades(shared_labels(*lists), members=memberships(*lists))


def _missing(labels: NDArray[Any]) -> NDArray[np.bool_]:
    """(rows,) where a number is NaN or a text is empty or NaN as text; from a list of labels nothing is missing."""
    if labels.dtype.kind == "f":
        return np.isnan(labels).reshape(len(labels), -1).any(axis=1)
    texts = labels.tolist() if labels.ndim == 1 and labels.dtype.kind in "UO" else []
    return np.array([isinstance(one, str) and one.strip() in ("", "nan") for one in texts], dtype=bool)
