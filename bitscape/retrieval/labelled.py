"""Relevance of labels, in each form in which they come."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from bitscape.core.errors import BitscapeError
from bitscape.retrieval.per_class import Memberships, memberships
from bitscape.retrieval.shared_labels import SharedLabels
from bitscape.retrieval.truth import Classes


def of_labels(queries: NDArray[Any], items: NDArray[Any]) -> Classes | SharedLabels:
    """Make relevance of labels: the same class, or the number of shared labels.

    Args:
        queries: (queries,) one label each, or a list of labels each; or (queries, classes) of 0 and 1.
        items: the same, of the database.

    Returns:
        The truth.

    Raises:
        BitscapeError: if one has a label each and the other several, they are of other classes or kinds, a label is
            missing, or a matrix of classes holds anything but 0 and 1.
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
        if labels.ndim == 2 and not np.isin(labels, (0, 1)).all():
            raise BitscapeError(
                f"The labels of the {side} are a matrix of the shape {labels.shape} and hold more than 0 and 1; a "
                "matrix is a column of 0 and 1 for each class, and one label for each code is an array of one "
                "dimension (`labels.ravel()`)."
            )
        if labels.ndim > 2 or labels.dtype.kind not in "biufUSO":
            raise BitscapeError(
                f"The labels of the {side} are {labels.dtype} of the shape {labels.shape}; give numbers or strings, "
                "one for each code or a column of 0 and 1 for each class."
            )
    several = [labels.ndim == 2 or (labels.dtype == object and isinstance(labels[0], list)) for labels in both]
    if several[0] != several[1] or queries.ndim != items.ndim or queries.shape[1:] != items.shape[1:]:
        raise BitscapeError(
            f"The labels of the queries are {_form(queries, several[0])} and those of the database "
            f"{_form(items, several[1])}; both must be one label for each code, or both several in the same form."
        )
    if not several[0]:
        names, codes = np.unique(np.concatenate(_alike(*both)), return_inverse=True)
        return Classes(codes[: len(queries)], codes[len(queries) :], tuple(map(str, names)))
    if queries.ndim == 2:
        own, theirs = (csc_array(labels.astype(np.int32)) for labels in both)
        return SharedLabels(Memberships(own, theirs, tuple(map(str, range(queries.shape[1])))))
    return SharedLabels(memberships(queries.tolist(), items.tolist()))


def _form(labels: NDArray[Any], several: bool) -> str:
    if labels.ndim == 2:
        return f"a matrix of {labels.shape[1]} classes"
    return "a list for each code" if several else "one for each code"


def _alike(queries: NDArray[Any], items: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Bring labels of both sides to one type in which none becomes another: 1, 1.0 and the text 1 are one class."""
    left, right = _plain(queries), _plain(items)
    kinds = {left.dtype.kind, right.dtype.kind}
    if not kinds <= set("biuf"):
        return left.astype(str), right.astype(str)
    if "f" not in kinds and np.result_type(left, right).kind == "f":  # of int64 and uint64, which would round
        return left.astype(object), right.astype(object)
    return left, right


def _plain(labels: NDArray[Any]) -> NDArray[Any]:
    """Make text of bytes, and integers of floats that are whole and small enough to be told apart."""
    if labels.dtype.kind == "S":
        return np.strings.decode(labels, "utf-8", "surrogateescape")
    if labels.dtype.kind == "f" and (labels == np.trunc(labels)).all() and (np.abs(labels) < 2**53).all():
        return labels.astype(np.int64)
    return labels


def _missing(labels: NDArray[Any]) -> NDArray[np.bool_]:
    """(rows,) where a number is NaN or a text is empty or NaN as text; from a list of labels nothing is missing."""
    if labels.dtype.kind == "f":
        return np.isnan(labels).reshape(len(labels), -1).any(axis=1)
    texts = labels.tolist() if labels.ndim == 1 and labels.dtype.kind in "UO" else []
    return np.array([isinstance(one, str) and one.strip() in ("", "nan") for one in texts], dtype=bool)
