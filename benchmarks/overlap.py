"""How mined positives agree with the sample's true overlap: `python -m benchmarks.overlap` (seconds, after `make run`).

Wanted are all ordered pairs of training photographs with at least 20 % true overlap. The pairs are mined from the
models of the project, whose default reconstruction they tell of. Writes `benchmarks/results/overlap.csv`.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.sets import ROOT
from bitscape.core.settings.supervision import MinePairs
from bitscape.geometry.covisibility import apparent_scale, covisibility, ones
from bitscape.geometry.pairs import positive_pairs
from bitscape.geometry.strategies import camera_pool
from bitscape.geometry.visibility import visible_points

RESULTS = ROOT / "benchmarks/results/overlap.csv"
ENOUGH = 0.2
FRONT = np.array([0.0, 3.0])  # where all landmarks of the sample stand, on the ground
RULES = {
    "default": {},
    "scale 2": {"max_scale_change": 2},
    "scale 2, overlap 0.15": {"max_scale_change": 2, "min_overlap": 0.15},
    "scale 2.5, overlap 0.1, 10 points": {"max_scale_change": 2.5, "min_overlap": 0.1, "min_shared_points": 10},
}


def truth(project: Path, names: pd.Series) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Give the true overlap, (n, n), and each camera's distance from its landmark, (n,), in the collection's order."""
    with np.load(project / "data/truth/overlap.npz") as file:
        order = pd.Index(file["image"]).get_indexer(names)
        overlap = file["overlap"][np.ix_(order, order)]
    with np.load(project / "data/truth/cameras.npz") as file:
        order = pd.Index(file["image"]).get_indexer(names)
        R, t = file["R"][order], file["t"][order]
    centres = -np.einsum("nji,nj->ni", R, t)
    return overlap, np.linalg.norm(centres[:, :2] - FRONT, axis=1)


def measure(project: Path) -> pd.DataFrame:
    """Mine by every rule and compare: a row for each, of all pairs and of those of like size."""
    collection = pd.read_parquet(project / "artifacts/prepare/collection.parquet")
    read, count = project / "artifacts/reconstruct", len(collection)
    seen, cameras, points = (
        pd.read_parquet(read / f"{name}.parquet") for name in ("observations", "cameras", "points")
    )
    overlap, distance = truth(project, collection["image"])
    trained = (collection["split"] == "train").to_numpy()
    wanted = (overlap >= ENOUGH) & trained[:, None] & trained & ~np.eye(count, dtype=bool)
    change = np.maximum(distance[:, None] / distance, distance / distance[:, None])
    alike = change <= MinePairs().max_scale_change
    rows = []
    for source, observed in (("tracks", seen), ("visible", visible_points(seen, cameras, points))):
        scale = apparent_scale(observed, count)
        shared, pool = covisibility(ones(scale)), camera_pool(cameras, count, MinePairs().camera_pool)
        for name, changes in RULES.items():
            rules = MinePairs(points=source, **changes)
            table = positive_pairs(shared, scale, pool, np.empty((count, 0), np.float32), rules, 0)
            mined = np.zeros((count, count), bool)
            mined[table["query"], table["positive"]] = True
            for among, some in (("all", np.ones_like(alike)), ("of like size", alike)):
                right = (mined & wanted & some).sum()
                precision, recall = right / (mined & some).sum(), right / (wanted & some).sum()
                rows.append((source, name, among, (mined & some).sum(), round(precision, 3), round(recall, 3)))
            if source == "tracks" and not changes:
                _tell(wanted, wanted & ~mined, alike, np.isin(np.arange(count), cameras["image"]))
    return pd.DataFrame(rows, columns=["points", "rules", "pairs", "mined", "precision", "recall"])


def _tell(
    wanted: NDArray[np.bool_], missed: NDArray[np.bool_], alike: NDArray[np.bool_], registered: NDArray[np.bool_]
) -> None:
    """Say why the default rules miss what they miss."""
    lost = ~(registered[:, None] & registered)
    print(f"{wanted.sum()} pairs are wanted, {(wanted & alike).sum()} of them of like size.")
    print(
        f"Of the {missed.sum()} that the default rules miss, {(missed & ~alike).sum()} are of unlike size, "
        f"{(missed & alike & lost).sum()} more have a photograph in no model."
    )


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", type=Path, default=ROOT, help="a reproduced project with the sample")
    found = measure(parser.parse_args().project)
    found.to_csv(RESULTS, index=False, lineterminator="\n")
    print(found.to_string(index=False))


if __name__ == "__main__":
    main()
