"""What the stage `train` reads of a method's supervision: what it asks for, no more."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from bitscape.core.table import members
from bitscape.supervision.source import choose_training_source, label_columns, point_overlap
from bitscape.supervision.supervision import Supervision


def read_supervision(
    root: Path, collection: pd.DataFrame, needs: frozenset[str], method: str, settings: Any
) -> Supervision:
    """Read what a method asks for, in rows of training photographs.

    Args:
        root: the project's folder.
        collection: all photographs.
        needs: `labels`, `pairs`, `similarity`.
        method: its name.
        settings: its section of `params.yaml`; `supervision` says where labels come from.

    Raises:
        CannotTrain: if the training photographs have no such labels.
    """
    rows = members(collection, "train")
    n = len(rows)
    given: dict[str, Any] = {
        "rows": rows,
        "labels": sparse.csr_array((n, 0), dtype=np.int32),
        "overlap": sparse.csr_array((n, n), dtype=np.float32),
    }
    if "labels" in needs:
        mined = pd.read_parquet(root / "artifacts/mine_pairs/images.parquet")
        models = mined["model"].to_numpy(np.int32)
        training = collection.iloc[rows]
        given["source"] = choose_training_source(training, models, settings.supervision, method)
        given["labels"] = label_columns(training, models, given["source"])
        if given["source"].startswith("geometry"):
            given["distractors"] = np.flatnonzero(mined["distractor"])
        shared = sparse.csr_array(sparse.load_npz(root / "artifacts/mine_pairs/covisibility.npz"))
        given["overlap"] = point_overlap(shared[rows][:, rows])
    if "pairs" in needs:
        row_of = np.full(len(collection), -1, dtype=np.int64)
        row_of[rows] = np.arange(n)
        pairs = pd.read_parquet(root / "artifacts/mine_pairs/positives.parquet")
        pairs[["query", "positive"]] = row_of[pairs[["query", "positive"]]]
        given["pairs"] = pairs
    if "similarity" in needs:
        given["similarity"] = sparse.csr_array(sparse.load_npz(root / "artifacts/build_similarity/similarity.npz"))
    return Supervision(**given)
