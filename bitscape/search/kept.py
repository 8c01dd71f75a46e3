"""What a run has encoded so far, kept in a folder for the case that it is stopped."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from bitscape.core.storage import publish

Key = tuple[str, str]
"""Name and sha256 of a file."""


class Kept:
    """Outputs of one model by the name and content of the photographs, whichever others stood beside them.

    Attributes:
        rows: (bits,) float32 outputs of each photograph.
        refused: of each file that is none, the reason.
    """

    def __init__(self, state: Path, model: str, bits: int) -> None:
        """Read what is there.

        Args:
            state: the folder.
            model: checksum of all that outputs depend on beside the photograph.
            bits: of an output.
        """
        self.rows: dict[Key, NDArray[np.float32]] = {}
        self.refused: dict[Key, str] = {}
        self._state, self._model, self._bits = state, model[:32], bits
        for path in sorted(state.glob(f"{self._model}-*.npz")):
            self._read(path)

    def __contains__(self, key: Key) -> bool:
        """Tell whether a file need not be encoded."""
        return key in self.rows or key in self.refused

    def add(self, keys: Sequence[Key], outputs: NDArray[np.float32], reasons: Sequence[str | None]) -> None:
        """Keep a block: the outputs of those without a reason, in their order."""
        told = json.dumps([keys, reasons])
        path = self._state / f"{self._model}-{hashlib.sha256(told.encode()).hexdigest()[:32]}.npz"
        with publish(path) as partial, partial.open("wb") as file:
            np.savez(file, outputs=outputs, told=np.array(told))
        self._take(keys, outputs, reasons)

    def _take(self, keys: Sequence[Key], outputs: NDArray[np.float32], reasons: Sequence[str | None]) -> None:
        fine = [key for key, reason in zip(keys, reasons, strict=True) if reason is None]
        self.rows |= zip(fine, outputs.reshape(len(fine), self._bits), strict=True)
        self.refused |= {key: reason for key, reason in zip(keys, reasons, strict=True) if reason is not None}

    def _read(self, path: Path) -> None:
        """Take a block that an earlier run has kept, unless its file was cut off with the power."""
        try:
            with np.load(path, allow_pickle=False) as saved:
                outputs, (keys, reasons) = saved["outputs"], json.loads(str(saved["told"]))
            self._take([(name, content) for name, content in keys], outputs, reasons)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return
