"""What a learned method is: network, supervision, batches, loss, and what happens between epochs."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor, nn
from torch.optim import Optimizer

from bitscape.networks.pooling import gem, unit_length

Outputs = Callable[[], NDArray[np.float32]]


@dataclass(frozen=True)
class Supervision:
    """What training photographs are known to have in common; rows count training photographs only.

    Attributes:
        rows: (n,) the training photographs as rows of the collection.
        models: (n,) int32, the 3D model of each, -1 for none.
        pairs: `query`, `positive` (rows of training photographs), `shared_points`, `overlap`, `scale_change`.
        similarity: (n, n) int8, stored 1 is a neighbour.
    """

    rows: NDArray[np.int64]
    models: NDArray[np.int32]
    pairs: pd.DataFrame
    similarity: sparse.csr_array


class Learned(ABC):
    """A method that is trained by gradients; the loop, devices, seeds and selection are the training room's.

    Args:
        settings: the method's section of `params.yaml`.
        bits: code length.
        seed: of everything random.
    """

    needs: ClassVar[frozenset[str]]

    def __init__(self, settings: Any, bits: int, seed: int) -> None:
        self.settings, self.bits, self.seed = settings, bits, seed

    @property
    @abstractmethod
    def epochs(self) -> int:
        """How many epochs there are in all."""

    @staticmethod
    def fixed(maps: Tensor) -> Tensor:
        """Compute what training never changes, once for all photographs: (N, C, h, w) maps to (N, ...) features."""
        return unit_length(gem(maps))

    @abstractmethod
    def network(self, dimensions: int) -> Any:
        """Build what is trained: (N, dimensions, ...) features to (N, bits) outputs, whose signs are the code."""

    @abstractmethod
    def start(self, network: Any, supervision: Supervision, features: NDArray[np.float32]) -> None:
        """Take the supervision and initialise on the (n, ...) features of the training photographs.

        Raises:
            CannotTrain: if the supervision lacks what the method needs.
        """

    @abstractmethod
    def optimiser(self, network: nn.Module) -> Optimizer:
        """Build the optimiser."""

    @abstractmethod
    def batches(self, epoch: int, outputs: Outputs, rng: np.random.Generator) -> Iterator[Any]:
        """Draw the batches of an epoch (from 1): each has `images`, (b,) of the n training photographs.

        `outputs()` encodes all of them, (n, bits), with the network as it is now.
        """

    @abstractmethod
    def loss(self, network: nn.Module, features: Tensor, batch: Any) -> dict[str, Tensor]:
        """Compute the named terms of the loss of a batch's (b, ...) features; their sum is minimised."""

    def end_epoch(self, epoch: int, outputs: Outputs) -> dict[str, float]:
        """Do what is done between epochs; give what is worth a column of the history."""
        return {}
