"""The folder that holds what a method may learn from."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from bitscape.core.storage import publish, read_json, reading, write_json
from bitscape.supervision.supervision import Supervision

MATRICES = ("labels", "overlap", "levels", "similarity")
ALWAYS = ("labels", "overlap")
STAGE = "supervise"


def write_supervision(folder: Path, known: Supervision) -> None:
    """Write `source.json`, `pairs.parquet`, a list and a matrix each, see `docs/data-formats.md`.

    What a method does not ask for is not written, so that a change of it trains only those methods anew that learn
    from it.

    Args:
        folder: takes the place of what is there, whole or not at all.
        known: what the method learns from.
    """
    with publish(folder) as out:
        out.mkdir()
        write_json(out / "source.json", {"source": known.source})
        np.save(out / "distractors.npy", known.distractors)
        np.save(out / "near_duplicates.npy", known.near_duplicates)
        known.pairs.to_parquet(out / "pairs.parquet", index=False)
        for name in MATRICES:
            matrix = getattr(known, name)
            if matrix is not None:
                sparse.save_npz(out / f"{name}.npz", matrix)


def read_supervision(folder: Path, rows: NDArray[np.int64]) -> Supervision:
    """Read what `write_supervision` wrote.

    Args:
        folder: of one method, in `artifacts/supervise`.
        rows: (n,) the training photographs as rows of the collection.

    Raises:
        BitscapeError: if a file is missing or damaged.
    """
    there = [name for name in MATRICES if name in ALWAYS or (folder / f"{name}.npz").is_file()]
    with reading(folder / "source.json", STAGE):
        source = read_json(folder / "source.json", STAGE)["source"]
    return Supervision(
        rows=rows,
        pairs=_read(folder / "pairs.parquet", pd.read_parquet),
        source=source,
        distractors=_read(folder / "distractors.npy", np.load),
        near_duplicates=_read(folder / "near_duplicates.npy", np.load),
        **{name: sparse.csr_array(_read(folder / f"{name}.npz", sparse.load_npz)) for name in there},
    )


def _read(path: Path, read: Callable[[Path], Any]) -> Any:
    with reading(path, STAGE):
        return read(path)
