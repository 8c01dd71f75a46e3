"""What a training has come to: its history and its best epoch, kept in the checkpoint after each."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bitscape.methods.base.learned import Learned
from bitscape.networks.encoder import Encoder
from bitscape.training.checkpoint import Checkpoint

SCORE = "map_expected"
"""The column of the history by which the best epoch is chosen."""


@dataclass
class Run:
    """A training as far as it has come.

    Attributes:
        method: what is trained.
        network: in its present state, as the optimiser.
        optimiser: whose state goes into the checkpoint.
        history: of each epoch from 0 on.
        best: the epoch of highest score, the last of equal ones: they cannot be told apart, and it has learned most.
        weights: of that epoch, on the CPU.
        codes: (n, bits) int8 that the method had learned by then, or None.
    """

    method: Learned
    network: Encoder
    optimiser: Any
    history: list[dict[str, Any]]
    best: int
    weights: dict[str, Tensor]
    codes: NDArray[np.int8] | None

    def note(self, record: dict[str, Any]) -> None:
        """Add an epoch, and keep its weights if none is better, or if nothing can be compared."""
        self.history.append(record)
        if not self.weights or not record[SCORE] < self.history[self.best][SCORE]:
            self.best, self.codes = int(record["epoch"]), self.method.codes()
            self.weights = {name: tensor.detach().cpu().clone() for name, tensor in self.network.state_dict().items()}

    @property
    def stalled(self) -> int:
        """How many epochs ago the score was as high as it is at best; 0 where nothing can be compared."""
        scores = [record[SCORE] for record in self.history]
        return len(scores) - 1 - scores.index(scores[self.best]) if scores[self.best] == scores[self.best] else 0

    def save(self, checkpoint: Checkpoint, rng: np.random.Generator) -> None:
        """Write all that the next epoch depends on."""
        state = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "method": {name: torch.from_numpy(array) for name, array in self.method.state().items()},
            "history": self.history,
            "best": self.best,
            "weights": self.weights,
            "codes": None if self.codes is None else torch.from_numpy(self.codes),
        }
        checkpoint.save(state, rng)

    def restore(self, checkpoint: Checkpoint, rng: np.random.Generator) -> bool:
        """Take back what was saved; False where nothing was."""
        state = checkpoint.load(rng)
        if state is None:
            return False
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.method.restore({name: tensor.numpy() for name, tensor in state["method"].items()})
        self.history, self.best, self.weights = state["history"], state["best"], state["weights"]
        self.codes = None if state["codes"] is None else state["codes"].numpy()
        return True
