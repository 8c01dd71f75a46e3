"""Inputs of some photographs, read from where they lie when they are asked for."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Chosen:
    """Rows of an array, as an array that is never made: of a memory map of pixels only what is indexed is read.

    Args:
        inputs: (N, ...) of all photographs.
        rows: (n,) which of them.
    """

    def __init__(self, inputs: NDArray[Any], rows: NDArray[np.int64]) -> None:
        self.inputs, self.rows = inputs, rows

    def __len__(self) -> int:
        """How many there are."""
        return len(self.rows)

    def __getitem__(self, key: slice | NDArray[np.int64]) -> NDArray[Any]:
        """Copy the inputs of a slice, or of (m,) numbers below n."""
        found: NDArray[Any] = self.inputs[self.rows[key]]
        return found


Readable = NDArray[Any] | Chosen
"""(n, ...) features or pixels of the photographs that a method starts from; an array, or what reads like one."""
