"""What a learned method is: network, supervision, batches, loss, and what happens between epochs."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import Optimizer

from bitscape.networks.chosen import Readable
from bitscape.supervision.supervision import Supervision


class Outputs(Protocol):
    """Encodes the n training photographs, or (m,) of them, with the network as it is now: (n, bits) or (m, bits)."""

    def __call__(self, rows: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """Give their outputs."""
        ...


class Learned(ABC):
    """A method that is trained by gradients; the loop, devices, seeds and selection are the training room's.

    Args:
        settings: the method's section of `params.yaml`.
        bits: code length.
        seed: of everything random.
    """

    one_device: ClassVar[bool] = False
    """Whether the loss keeps something of each batch that the other devices would lack."""

    published_rate: ClassVar[bool] = True
    """Whether `network: paper` has learning rates of its own, whatever `learning_rate` says."""

    def __init__(self, settings: Any, bits: int, seed: int) -> None:
        self.settings, self.bits, self.seed = settings, bits, seed

    @property
    def epochs(self) -> int:
        """How many epochs there are in all."""
        return int(self.settings.epochs)

    @property
    def remedy(self) -> str:
        """What to change in `params.yaml` where outputs or the loss are no longer finite."""
        if self.settings.network == "paper" and self.published_rate:
            return "its network: paper has learning rates of its own, so lower the weights of its loss in params.yaml"
        return "lower its learning_rate in params.yaml"

    @abstractmethod
    def network(self, channels: int, classes: int) -> Any:
        """Build what is trained, an `Encoder`.

        Args:
            channels: of the shared backbone's feature maps.
            classes: columns of the training photographs' labels; 0 where the method asks for none.
        """

    @abstractmethod
    def start(self, network: Any, supervision: Supervision, features: Readable) -> None:
        """Take the supervision and initialise on the (n, ...) features of the training photographs, which may be kept.

        Raises:
            CannotTrain: if the supervision lacks what the method needs.
        """

    @abstractmethod
    def optimiser(self, groups: list[dict[str, Any]]) -> Optimizer:
        """Build the optimiser of the parameter groups, which name their learning rates."""

    @abstractmethod
    def batches(self, epoch: int, outputs: Outputs, rng: np.random.Generator) -> Iterator[Any]:
        """Draw the batches of an epoch (from 1): each has `images`, (b,) of the n training photographs."""

    @abstractmethod
    def loss(self, network: Any, features: Tensor, batch: Any) -> dict[str, Tensor]:
        """Compute the named terms of the loss of a batch's (b, ...) features; their sum is minimised."""

    def rate(self, epoch: int) -> float:
        """Give the share of the initial learning rates at which an epoch (from 1) is trained; 1 by default."""
        return 1.0

    def end_epoch(self, epoch: int, outputs: Outputs) -> dict[str, float]:
        """Do what is done between epochs; give what is worth a column of the history."""
        return {}

    def state(self) -> dict[str, NDArray[Any]]:
        """Give what the method itself has learned between epochs, for checkpoints."""
        return {}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:  # noqa: B027 (most methods have nothing to take back)
        """Take back what `state` gave, after `start`."""

    def codes(self) -> NDArray[np.int8] | None:
        """Give the learned codes of the training photographs, (n, bits) of -1 and +1, where the method learns such."""
        return None
