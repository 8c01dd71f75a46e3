"""Relevance by several labels of each photograph: the grade is the number of labels that two have in common."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from bitscape.hamming.codes import Codes
from bitscape.retrieval.graded import Graded
from bitscape.retrieval.per_class import Memberships
from bitscape.retrieval.truth import LEVELS, Grades

PAIRS = 1 << 22
"""Pairs of a query and an item whose shared labels are held at once."""


class SharedLabels:
    """Grades of pairs that are never all held at once: where labels are frequent, nearly all pairs share one."""

    def __init__(self, members: Memberships):
        """Take the labels.

        Args:
            members: of the queries and of the items.
        """
        self.members = members
        self._own, self._theirs = csr_array(members.queries), csr_array(members.items.T)
        most = (int(one.sum(axis=1).max(initial=0)) for one in (members.queries, members.items))
        few = min(most) < LEVELS  # then no two share more, and no pair need be looked at
        self.gains = few or all(block.data.max(initial=0) < LEVELS for _, block in self._blocks())

    def counts(self, queries: Codes, database: Codes) -> Graded:
        """Count items by how many labels they share with the query; where that can be many, by whether they do."""
        parts = []
        for rows, block in self._blocks():
            if not self.gains:
                block.data[:] = 1
            parts.append(Grades(block).counts(queries[rows], database).counts)
        levels = max((part.shape[2] for part in parts), default=1)
        return Graded(np.concatenate([np.pad(one, ((0, 0), (0, 0), (0, levels - one.shape[2]))) for one in parts]))

    def grades(self, query: int) -> NDArray[np.int32]:
        """How many labels each item shares with one query, or whether it shares any."""
        row = csr_array(self._own[[query]] @ self._theirs).toarray()[0].astype(np.int32)
        return row if self.gains else np.minimum(row, 1)

    def _blocks(self) -> Iterator[tuple[slice, csr_array]]:
        size = max(1, PAIRS // max(self._theirs.shape[1], 1))
        for start in range(0, self._own.shape[0], size):
            rows = slice(start, start + size)
            yield rows, csr_array(self._own[rows] @ self._theirs)
