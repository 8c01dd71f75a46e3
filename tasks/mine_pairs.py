"""Mine the co-visibility graph, positive pairs, hard negatives and graded relevance from the 3D models."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from bitscape.core.params import Params
from bitscape.core.stage import stage
from bitscape.core.storage import publish
from bitscape.core.table import members, read_collection
from bitscape.geometry.covisibility import apparent_scale, covisibility, ones
from bitscape.geometry.levels import relevance_levels
from bitscape.geometry.near_duplicates import burst_numbers
from bitscape.geometry.pairs import membership, positive_pairs
from bitscape.geometry.strategies import camera_pool
from bitscape.geometry.visibility import visible_points
from bitscape.supervision.negatives import hard_negatives
from bitscape.supervision.source import label_columns
from bitscape.supervision.supervision import Supervision


def run(params: Params, root: Path) -> None:
    """Write what the models tell of the training photographs; without a model all of it is empty."""
    rules, collection = params.mine_pairs, read_collection(root)
    train = members(collection, "train")
    descriptors = np.load(root / "artifacts/describe/descriptors.npy", mmap_mode="r")
    observations = pd.read_parquet(root / "artifacts/reconstruct/observations.parquet")
    cameras = pd.read_parquet(root / "artifacts/reconstruct/cameras.parquet")
    if rules.points == "visible":
        points = pd.read_parquet(root / "artifacts/reconstruct/points.parquet")
        observations = visible_points(observations, cameras, points)

    scale = apparent_scale(observations, len(collection))
    shared = covisibility(ones(scale))
    pool = camera_pool(cameras, len(collection), rules.camera_pool)
    bursts = burst_numbers(_bursts(root), len(collection))
    positives = positive_pairs(shared, scale, pool, descriptors, rules, params.seed, bursts)
    images = membership(observations, train, rules, params.seed, bursts)
    negatives = hardest(collection.iloc[train], descriptors[train], images, rules.negatives)
    if positives.empty:
        print("mine_pairs: no positive pair; what learns from geometry has nothing to learn from.", file=sys.stderr)
    with publish(root / "artifacts/mine_pairs") as out:
        out.mkdir()
        for name, matrix in (("covisibility", shared), ("levels", relevance_levels(shared, rules.levels))):
            with (out / f"{name}.npz").open("wb") as file:
                sparse.save_npz(file, matrix)
        for name, table in (("images", images), ("positives", positives), ("negatives", negatives)):
            table.to_parquet(out / f"{name}.parquet", index=False)


def _bursts(root: Path) -> pd.DataFrame:
    """Read which photographs are near-duplicates; none are where `reconstruct` does not look for them."""
    path = root / "artifacts/reconstruct/duplicates.parquet"
    return pd.read_parquet(path) if path.is_file() else pd.DataFrame({"image": [], "group": []}, dtype="int32")


def hardest(training: pd.DataFrame, descriptors: np.ndarray, images: pd.DataFrame, count: int) -> pd.DataFrame:
    """Find the hard negatives of each photograph in a model, see `hard_negatives`.

    Args:
        training: the training photographs.
        descriptors: (n, D) float32 of these.
        images: their models, see `membership`.
        count: of each photograph.
    """
    models = images["model"].to_numpy(np.int32)
    known = Supervision(
        rows=images["image"].to_numpy(np.int64),
        labels=label_columns(training, models, "geometry"),
        overlap=sparse.csr_array((len(images), len(images)), dtype=np.float32),
        distractors=np.flatnonzero(images["distractor"]),
        source="geometry",
    )
    return hard_negatives(descriptors, known, np.flatnonzero(models >= 0), np.flatnonzero(images["pool"]), count)


if __name__ == "__main__":
    stage(run)
