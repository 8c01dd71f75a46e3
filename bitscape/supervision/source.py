"""From the collection and its 3D models to what a method learns from."""

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from bitscape.core.errors import CannotTrain

TrainingSource = Literal["landmark", "labels", "geometry", "geometry-graded"]


def choose_training_source(
    training: pd.DataFrame, models: NDArray[np.int32], wanted: str, method: str
) -> TrainingSource:
    """Decide where a method learns from.

    Args:
        training: the training photographs: columns `landmark` and `labels`.
        models: (n,) the 3D model of each, -1 for none.
        wanted: what `train.methods.NAME.supervision` says; `auto` is the first of landmark, labels and geometry
            that there is.
        method: its name, for the message.

    Returns:
        The source.

    Raises:
        CannotTrain: the training photographs lack what is wanted; the sentence names what they have.
    """
    has: dict[TrainingSource, bool] = {
        "landmark": bool(training["landmark"].notna().any()),
        "labels": bool((training["labels"].map(len) > 0).any()),
        "geometry": bool((models >= 0).any()),
    }
    there = [name for name, given in has.items() if given]
    if wanted == "auto" and there:
        return there[0]
    asked: TrainingSource = "geometry" if wanted == "geometry-graded" else wanted  # type: ignore[assignment]
    if wanted != "auto" and has[asked]:
        return wanted  # type: ignore[return-value]
    missing = "neither landmarks, labels nor 3D models" if wanted == "auto" else f"no {_WORDS[asked]}"
    if there:
        mend = f"set train.methods.{method}.supervision to {' or '.join(there)}"
    else:
        mend = "add overlapping photographs of at least two places, or fill the columns of data/labels.csv"
        mend += "" if wanted == "auto" else f" and set train.methods.{method}.supervision to auto"
    raise CannotTrain(f"{method} has nothing to learn from: the training photographs have {missing}; {mend}.")


_WORDS = {"landmark": "landmarks", "labels": "labels", "geometry": "3D models"}


def label_columns(training: pd.DataFrame, models: NDArray[np.int32], source: TrainingSource) -> sparse.csr_array:
    """Bring labels, landmarks or 3D models into one form.

    Args:
        training: n photographs: columns `landmark` and `labels`.
        models: (n,) the 3D model of each, -1 for none.
        source: which of them.

    Returns:
        (n, C) int32 of ones, the columns in the order of the names.
    """
    if source == "labels":
        of_each = [sorted(set(labels)) for labels in training["labels"]]
    elif source == "landmark":
        of_each = [[] if pd.isna(name) else [name] for name in training["landmark"]]
    else:
        of_each = [[] if model < 0 else [model] for model in models]
    names = sorted({name for row in of_each for name in row})
    numbers = {name: number for number, name in enumerate(names)}
    columns = np.array([numbers[name] for row in of_each for name in row], dtype=np.int64)
    pointers = np.cumsum([0, *map(len, of_each)])
    matrix = sparse.csr_array((np.ones(len(columns), np.int32), columns, pointers), shape=(len(of_each), len(names)))
    matrix.sort_indices()
    return matrix


def point_overlap(shared: sparse.csr_array) -> sparse.csr_array:
    """The share of common 3D points of each two photographs, 2 |P_i and P_j| / (|P_i| + |P_j|).

    Args:
        shared: (n, n) int32, symmetric: the points that two photographs share; the diagonal holds what each sees.

    Returns:
        (n, n) float32 in (0, 1] where any is shared; the diagonal is 1 for photographs that see any point.
    """
    counted = shared.tocoo()
    row, column = counted.coords
    seen = shared.diagonal()
    values = (2 * counted.data / np.maximum(seen[row] + seen[column], 1)).astype(np.float32)
    overlap = sparse.csr_array((values, (row, column)), shape=shared.shape)
    overlap.sort_indices()
    return overlap
