"""The folder that holds what a method may learn from."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from bitscape.core.storage import publish, read_json, write_json
from bitscape.supervision.supervision import Supervision

MATRICES = ("labels", "overlap", "levels", "similarity")


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
    """
    there = [name for name in MATRICES if (folder / f"{name}.npz").is_file()]
    return Supervision(
        rows=rows,
        pairs=pd.read_parquet(folder / "pairs.parquet"),
        source=read_json(folder / "source.json")["source"],
        distractors=np.load(folder / "distractors.npy"),
        near_duplicates=np.load(folder / "near_duplicates.npy"),
        **{name: sparse.csr_array(sparse.load_npz(folder / f"{name}.npz")) for name in there},
    )
