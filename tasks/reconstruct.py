"""Reconstruct 3D models from the training photographs."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitscape.core.disk import need
from bitscape.core.params import Params
from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.core.stage import stage
from bitscape.core.storage import publish, remove, write_json
from bitscape.core.table import IMAGES, members, read_collection
from bitscape.geometry.bursts import burst_groups, burst_table, count_features
from bitscape.geometry.cameras import add_photographs, read_shot, shared_cameras
from bitscape.geometry.cluster import dask_cluster
from bitscape.geometry.colmap import log_to, pycolmap
from bitscape.geometry.component import model_size
from bitscape.geometry.copies import write_copies
from bitscape.geometry.features import extract
from bitscape.geometry.matching import match_collection
from bitscape.geometry.observations import observe, positions, registrations
from bitscape.geometry.options import effective
from bitscape.geometry.outliers import remove_outliers
from bitscape.geometry.picture import draw_model
from bitscape.geometry.poses import poses
from bitscape.geometry.reconstruction import build_models, plan, registered
from bitscape.geometry.view_graph import read_view_graph
from bitscape.geometry.weak_links import Doubts, doubts
from bitscape.geometry.workspace import forget_others, mapping_folder, workspace

SCRATCH = Path(".scratch/reconstruct")
TOLD = 3  # pairs named in a sentence
NO_MODEL = (
    "no 3D model: the training photographs do not overlap enough. What needs geometry has nothing to learn from; give "
    "labels or a landmark for each photograph, or several photographs of each place."
)


def run(params: Params, root: Path) -> None:
    """Reconstruct, clean, draw and tabulate the models of the training photographs; none is a normal outcome.

    What is done is kept below `.scratch/reconstruct`: a run that was killed goes on where it was.
    """
    settings = params.reconstruct
    if settings.executor != "processes":
        with dask_cluster(settings.executor):
            pass  # one that is not there is told before the hours of matching
    collection = read_collection(root)
    train = _by_content(collection)
    descriptors = np.load(root / "artifacts/describe/descriptors.npy", mmap_mode="r")[train]
    names = collection["image"].iloc[train].tolist()
    given = list(zip(train.tolist(), names, collection["sha256"].iloc[train].tolist(), strict=True))
    work = workspace(root / SCRATCH, given, descriptors, settings, params.seed)
    forget_others(work)
    log_to(root / SCRATCH / "log")

    copies, database = work / "photographs", work / "features.db"
    files = ((int(index), root / IMAGES / name) for index, name in zip(train, names, strict=True))
    copied = write_copies(files, copies, settings.image_size, len(train))
    if not database.exists():
        shots = [read_shot(copies / copy, name) for copy, name in zip(copied, names, strict=True)]
        add_photographs(database, copies, copied, shared_cameras(shots, settings.cameras), work)
    extract(database, copies, copied, settings)
    match_collection(database, train, names, descriptors, work, settings, params.seed)
    mapping = mapping_folder(work, settings)
    jobs = plan(database, copies, mapping, settings, params.seed)
    models = build_models(database, copies, mapping, settings, params.seed)
    graph = read_view_graph(database, train)
    told = doubts(graph, train, [registered(model) for model in models], settings.min_model_size)
    _warn(told, collection["image"].tolist(), bool(models))
    need(root, model_size(len(train), settings) + database.stat().st_size)
    with publish(root / "artifacts/reconstruct") as out:
        _write(out, models, work, settings, sorted(train.tolist()), told)
        bursts = burst_groups(graph, count_features(database, train), descriptors, settings)
        burst_table(bursts, train).to_parquet(out / "duplicates.parquet", index=False)
        sizes, workers = [len(job.names) for job in jobs], jobs[0].workers if jobs else 1
        write_json(out / "options.json", effective(settings, params.seed, sizes, workers))
        shutil.copyfile(database, out / "features.db")
    remove(copies)


def _by_content(collection: pd.DataFrame) -> NDArray[np.int64]:
    """List the training photographs by the hash of their pixels, so that other names give COLMAP the same work."""
    train = members(collection, "train").astype(np.int64)
    pixels = collection["pixels"].to_numpy(str)[train]
    return train[np.argsort(pixels, kind="stable")]


def _warn(told: Doubts, names: list[str], models: bool) -> None:
    """Tell what the user should look at, one sentence each."""
    if not models:
        print(f"reconstruct: {NO_MODEL}", file=sys.stderr)
    for doubt in told["suspicious"]:
        print(
            f"reconstruct: model {doubt['model']} is held together by few, weak pairs and may be two scenes that look "
            f"alike; see {_spoken(doubt['pairs'], names)}.",
            file=sys.stderr,
        )
    for doubt in told["apart"]:
        one, other = doubt["models"]
        print(
            f"reconstruct: models {one} and {other} share matches but were not joined, as one scene that broke in two "
            f"or two that look alike; see {_spoken(doubt['pairs'], names)}.",
            file=sys.stderr,
        )


def _spoken(pairs: list[list[int]], names: list[str]) -> str:
    named = [f"{names[one]} with {names[other]} ({inliers} matches)" for one, other, inliers in pairs[:TOLD]]
    return ", ".join(named) + (f" and {len(pairs) - TOLD} more in registrations.json" if len(pairs) > TOLD else "")


def _write(
    out: Path,
    models: list[pycolmap.Reconstruction],
    work: Path,
    settings: Reconstruct,
    train: list[int],
    told: Doubts,
) -> None:
    for folder in ("models", "clouds", "pictures"):
        (out / folder).mkdir(parents=True)
    removed = remove_outliers(models, work, out / "clouds", settings)
    for number, model in enumerate(models):
        (out / "models" / str(number)).mkdir()
        model.write(out / "models" / str(number))
        draw_model(model, _title(number, model), out / "pictures" / f"{number}.png")
    poses(models).to_parquet(out / "cameras.parquet", index=False)
    observe(models).to_parquet(out / "observations.parquet", index=False)
    positions(models).to_parquet(out / "points.parquet", index=False)
    write_json(out / "registrations.json", registrations(models, removed, train) | told)


def _title(number: int, model: pycolmap.Reconstruction) -> str:
    photographs, points = model.num_reg_images(), model.num_points3D()
    error = model.compute_mean_reprojection_error()
    return f"model {number}: {photographs} photographs, {points:,} points, mean reprojection error {error:.2f} pixels"


if __name__ == "__main__":
    stage(run)
