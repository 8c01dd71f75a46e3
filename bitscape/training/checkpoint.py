"""Where a training stood, so that a run that was stopped goes on as if it had not been."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bitscape.core.storage import publish, remove


@dataclass(frozen=True)
class Checkpoint:
    """A file that holds the state of a training after its last whole epoch.

    Attributes:
        path: the file, `NAME-KEY.pt` whose key tells the inputs; None keeps nothing.
    """

    path: Path | None

    def save(self, state: dict[str, Any], rng: np.random.Generator) -> None:
        """Write the state and those of the random numbers; the old file stays until the new one is whole."""
        if self.path is None:
            return
        random = {
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all(),  # dropout's, where there is a GPU; no state where there is none
            "numpy": json.dumps(rng.bit_generator.state),
        }
        with publish(self.path) as partial:
            torch.save({**state, "random": random}, partial)

    def load(self, rng: np.random.Generator) -> dict[str, Any] | None:
        """Read the state back and set the random numbers; None where there is none or it cannot be read."""
        if self.path is None or not self.path.is_file():
            return None
        try:
            with zipfile.ZipFile(self.path) as archive:
                if archive.testzip() is not None:  # torch reads tensors without looking at their checksums
                    return None
            state: dict[str, Any] = torch.load(self.path, map_location="cpu", weights_only=True)
            random, drawn = state.pop("random"), np.random.default_rng()
            drawn.bit_generator.state = json.loads(random["numpy"])  # what cannot be read leaves `rng` as it is
            torch.set_rng_state(random["torch"])
            torch.cuda.set_rng_state_all(random["cuda"][: torch.cuda.device_count()])
        except Exception:  # a damaged file, however it shows, costs a training from its start, not an error
            return None
        rng.bit_generator.state = drawn.bit_generator.state
        return state

    def remove(self) -> None:
        """Forget the state of a training that is done, and those under other keys, which nothing goes on from."""
        if self.path is None:
            return
        remove(self.path)
        for other in self.path.parent.glob(f"{self.path.stem.rpartition('-')[0]}-*.pt"):
            remove(other)
