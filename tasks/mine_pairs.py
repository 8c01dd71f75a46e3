"""Mine the co-visibility graph and the positive pairs from the 3D models."""

import sys
from pathlib import Path

import pandas as pd
from scipy import sparse

from bitscape.collection.table import members, read_collection
from bitscape.core.params import Params
from bitscape.core.storage import publish
from bitscape.geometry.covisibility import apparent_scale, covisibility, incidence
from bitscape.geometry.pairs import membership, positive_pairs
from tasks.entry import stage


def run(params: Params, root: Path) -> None:
    """Write covisibility.npz, images.parquet and positives.parquet; without a model they are empty."""
    collection = read_collection(root)
    observations = pd.read_parquet(root / "artifacts/reconstruct/observations.parquet")
    shared = covisibility(incidence(observations, len(collection)))
    scale = apparent_scale(observations, len(collection))
    positives = positive_pairs(shared, scale, params.mine_pairs)
    images = membership(observations, members(collection, "train"))
    if positives.empty:
        print("mine_pairs: no positive pair; what learns from geometry has nothing to learn from.", file=sys.stderr)
    with publish(root / "artifacts/mine_pairs") as out:
        out.mkdir()
        with (out / "covisibility.npz").open("wb") as file:
            sparse.save_npz(file, shared)
        images.to_parquet(out / "images.parquet", index=False)
        positives.to_parquet(out / "positives.parquet", index=False)


if __name__ == "__main__":
    stage(run)
