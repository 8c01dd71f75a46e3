"""What training photographs are known to have in common, whatever it is known from."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from bitscape.core.errors import CannotTrain
from bitscape.supervision.source import TrainingSource


@dataclass(frozen=True)
class Supervision:
    """What a method may learn from; rows count training photographs only.

    Labels, landmarks and 3D models come in one form: columns that a photograph has or has not. A photograph without any
    column, such as one that is in no 3D model, is not labelled: nothing is known of it.

    Attributes:
        rows: (n,) the training photographs as rows of the collection.
        labels: (n, C) int32 of ones: the labels, the landmark or the 3D model of each photograph.
        overlap: (n, n) float32, symmetric: the share of common 3D points, 2 |P_i and P_j| / (|P_i| + |P_j|), of each
            two photographs that share any; empty where nothing is known of 3D models.
        pairs: mined positives, `query` and `positive` (rows of training photographs), best first for each query.
        levels: (n, n) int8, symmetric: that share in `mine_pairs.levels` steps, from 1; for methods that rank by it.
        similarity: (n, n) int8, DSAH's neighbourhood, stored 1 is a neighbour.
        source: where `labels` come from; `geometry-graded` has `targets` graded by `overlap`.
        distractors: (d,) photographs without any column that are taken for negatives of all others, though nothing is
            known of them; each is a cluster of its own.
        near_duplicates: (n,) photographs of one number are of one burst, which counts once among what is relevant to
            a query; empty where none are known.
    """

    rows: NDArray[np.int64]
    labels: sparse.csr_array
    overlap: sparse.csr_array
    pairs: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"query": [], "positive": []}, dtype=np.int64))
    levels: sparse.csr_array | None = None
    similarity: sparse.csr_array | None = None
    source: TrainingSource = "labels"
    distractors: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    near_duplicates: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    @cached_property
    def bursts(self) -> NDArray[np.int64]:
        """(n,) int64 number of the burst of each photograph; one that is in none has a number of its own."""
        return self.near_duplicates if len(self.near_duplicates) else np.arange(len(self.rows))

    @cached_property
    def labelled(self) -> NDArray[np.int64]:
        """(m,) the photographs that have a label, ascending."""
        return np.flatnonzero(np.diff(self.labels.indptr))

    @cached_property
    def clusters(self) -> NDArray[np.int32]:
        """(n,) the set of labels of each photograph, numbered; -1 for none. A 3D model or a landmark is such a set."""
        sets = [tuple(row) for row in np.split(self.labels.indices, self.labels.indptr[1:-1])]
        numbers = {labels: number for number, labels in enumerate(sorted(set(sets) - {()}))}
        return np.array([numbers.get(labels, -1) for labels in sets], dtype=np.int32)

    def targets(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float32]:
        """How alike each two photographs are.

        Args:
            rows: (r,) training photographs.
            columns: (c,) training photographs.

        Returns:
            (r, c) float32 in [0, 1]: 1 where they share a label, else 0; with `geometry-graded` their overlap.
        """
        if self.source == "geometry-graded":
            graded: NDArray[np.float32] = self.overlap[rows][:, columns].toarray()
            graded[rows[:, None] == columns] = 1
            return graded
        return (self.shared(rows, columns) > 0).astype(np.float32)

    def grades(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.int64]:
        """How relevant photographs are to each other, in levels as ranking methods want them.

        Args:
            rows: (r,) training photographs.
            columns: (c,) training photographs.

        Returns:
            (r, c) int64: the number of shared labels; from 3D models the level, and 0 where no point is shared.
        """
        if self.source.startswith("geometry"):
            if self.levels is None:
                raise ValueError("levels are needed to grade what comes from 3D models")
            levels: NDArray[np.int64] = self.levels[rows][:, columns].toarray().astype(np.int64)
            return levels
        return self.shared(rows, columns).astype(np.int64)

    def shared(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.int32]:
        """Count the labels that each two photographs share: (r, c) int32."""
        counts: NDArray[np.int32] = (self.labels[rows] @ self.labels[columns].T).toarray()
        return counts

    def distributions(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """(r, C) float32: the labels of (r,) photographs, adding up to 1; rows of zeros for those without."""
        dense = self.labels[rows].toarray().astype(np.float32)
        return dense / np.maximum(dense.sum(axis=1, keepdims=True), 1)

    def require_classes(self, method: str, least: int = 2) -> None:
        """Check that at least so many labels are there to be told apart.

        Raises:
            CannotTrain: naming the setting that would supply them.
        """
        found = len(np.unique(self.labels.indices))
        if found < least:
            kind = "3D models" if self.source.startswith("geometry") else self.source
            raise CannotTrain(
                f"{method} learns to tell at least {least} classes apart, and the training photographs have {found} "
                f"({kind}); add labels to data/labels.csv or photographs of more places, or set "
                f"train.methods.{method}.supervision to another source."
            )
