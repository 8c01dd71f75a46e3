"""Reconstruct 3D models from the training photographs."""

import shutil
import sys
from pathlib import Path

import numpy as np

from bitscape.collection.table import IMAGES, members, read_collection
from bitscape.core.params import Params
from bitscape.core.storage import publish, remove, write_json
from bitscape.geometry.candidates import candidate_pairs
from bitscape.geometry.colmap import log_to, pycolmap
from bitscape.geometry.copies import write_copies
from bitscape.geometry.features import extract, match
from bitscape.geometry.observations import observe, registrations
from bitscape.geometry.outliers import remove_outliers
from bitscape.geometry.picture import draw_model
from bitscape.geometry.poses import poses
from bitscape.geometry.reconstruction import build_models
from tasks.entry import stage

NO_MODEL = (
    "no 3D model: the training photographs do not overlap enough. What needs geometry has nothing to learn from; give "
    "labels or a landmark for each photograph, or several photographs of each place."
)


def run(params: Params, root: Path) -> None:
    """Reconstruct, clean, draw and tabulate the models of the training photographs; none is a normal outcome."""
    settings = params.reconstruct
    collection = read_collection(root)
    train = members(collection, "train")
    descriptors = np.load(root / "artifacts/describe/descriptors.npy", mmap_mode="r")[train]
    scratch = root / ".scratch/reconstruct"
    remove(scratch)
    log_to(scratch / "log")

    files = ((int(index), root / IMAGES / collection.image[index]) for index in train)
    copies, database = scratch / "photographs", scratch / "features.db"
    names = write_copies(files, copies, settings.image_size, len(train))
    extract(database, copies, names, settings)
    pairs = train[candidate_pairs(descriptors, settings.exhaustive_below, settings.neighbours)]
    match(database, pairs, scratch, settings, params.seed)
    models = build_models(database, copies, scratch, settings, params.seed)
    if not models:
        print(f"reconstruct: {NO_MODEL}", file=sys.stderr)

    with publish(root / "artifacts/reconstruct") as out:
        for folder in ("models", "clouds", "pictures"):
            (out / folder).mkdir(parents=True)
        removed = remove_outliers(models, scratch, out / "clouds", settings)
        for number, model in enumerate(models):
            (out / "models" / str(number)).mkdir()
            model.write(out / "models" / str(number))
            draw_model(model, _title(number, model), out / "pictures" / f"{number}.png")
        poses(models).to_parquet(out / "cameras.parquet", index=False)
        observe(models).to_parquet(out / "observations.parquet", index=False)
        write_json(out / "registrations.json", registrations(models, removed, train.tolist()))
        shutil.move(database, out / "features.db")
    remove(copies)


def _title(number: int, model: pycolmap.Reconstruction) -> str:
    photographs, points = model.num_reg_images(), model.num_points3D()
    error = model.compute_mean_reprojection_error()
    return f"model {number}: {photographs} photographs, {points:,} points, mean reprojection error {error:.2f} pixels"


if __name__ == "__main__":
    stage(run)
