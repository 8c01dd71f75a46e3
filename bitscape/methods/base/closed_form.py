"""Baselines that are one centred linear map and a sign, fitted without gradients and without torch."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitscape.core.errors import CannotTrain

Floats = NDArray[np.float32]


class ClosedForm(ABC):
    """A hash function sign(A (x - m) / |x - m| + b) on global descriptors.

    Args:
        settings: the method's section of `params.yaml`.
        bits: code length.
        seed: of everything random.
    """

    def __init__(self, settings: Any, bits: int, seed: int) -> None:
        self.settings, self.bits, self.seed = settings, bits, seed

    @abstractmethod
    def fit(self, descriptors: Floats) -> dict[str, Floats]:
        """Fit on (n, D) training descriptors; give `mean` (D,), `projection` (bits, D) and `bias` (bits,)."""

    def require_directions(self, name: str, descriptors: Floats) -> int:
        """Check that (n, D) descriptors have as many principal directions as there are bits; give D.

        Raises:
            CannotTrain: if there are more bits than dimensions, or fewer photographs than bits.
        """
        n, dimensions = descriptors.shape
        if self.bits > min(n, dimensions):
            raise CannotTrain(
                f"{name} finds at most {min(n, dimensions)} directions in {n} training descriptors of {dimensions} "
                f"dimensions, not {self.bits}; shorten `bits` in params.yaml or add photographs."
            )
        return int(dimensions)

    @staticmethod
    def outputs(weights: dict[str, Floats], descriptors: Floats) -> Floats:
        """Compute the (n, bits) values whose signs are the codes."""
        centred = descriptors - weights["mean"]
        length = np.linalg.norm(centred, axis=1, keepdims=True)
        return (centred / np.maximum(length, 1e-12)) @ weights["projection"].T + weights["bias"]
