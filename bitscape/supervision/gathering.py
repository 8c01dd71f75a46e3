"""What a method may learn from, gathered from the collection, its 3D models and its neighbourhoods."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from bitscape.core.params import Params
from bitscape.core.table import members
from bitscape.supervision.source import choose_training_source, label_columns, point_overlap
from bitscape.supervision.supervision import Supervision


def gather_supervision(root: Path, collection: pd.DataFrame, method: str, params: Params) -> Supervision:
    """Gather what a method asks for and no more, in rows of training photographs.

    Args:
        root: the project's folder; `mine_pairs` and `build_similarity` have run.
        collection: all photographs.
        method: its name. Its section of `params.yaml` says what it asks for (`needs`) and where labels come from.
        params: all parameters.

    Raises:
        CannotTrain: if the training photographs have no such labels.
    """
    settings = getattr(params.train.methods, method)
    rows = members(collection, "train")
    n = len(rows)
    given: dict[str, Any] = {
        "rows": rows,
        "labels": sparse.csr_array((n, 0), dtype=np.int32),
        "overlap": sparse.csr_array((n, n), dtype=np.float32),
    }
    if "labels" in settings.needs:
        mined = pd.read_parquet(root / "artifacts/mine_pairs/images.parquet")
        models = mined["model"].to_numpy(np.int32)
        training = collection.iloc[rows]
        given["source"] = choose_training_source(training, models, settings.supervision, method)
        given["labels"] = label_columns(training, models, given["source"])
        if given["source"].startswith("geometry"):
            given["distractors"] = np.flatnonzero(mined["distractor"])
            burst = mined["burst"].to_numpy(np.int64)
            if "bursts" in settings.needs and (burst >= 0).any():
                given["near_duplicates"] = np.where(burst < 0, -1 - np.arange(n), burst)
            shared = sparse.csr_array(sparse.load_npz(root / "artifacts/mine_pairs/covisibility.npz"))
            given["overlap"] = point_overlap(shared[rows][:, rows])
            if "levels" in settings.needs:
                levels = sparse.csr_array(sparse.load_npz(root / "artifacts/mine_pairs/levels.npz"))
                given["levels"] = levels[rows][:, rows]
    if "pairs" in settings.needs:
        row_of = np.full(len(collection), -1, dtype=np.int64)
        row_of[rows] = np.arange(n)
        pairs = pd.read_parquet(root / "artifacts/mine_pairs/positives.parquet", columns=["query", "positive"])
        given["pairs"] = pd.DataFrame({name: row_of[column] for name, column in pairs.items()})
    if "similarity" in settings.needs:
        given["similarity"] = sparse.csr_array(sparse.load_npz(root / "artifacts/build_similarity/similarity.npz"))
    return Supervision(**given)
