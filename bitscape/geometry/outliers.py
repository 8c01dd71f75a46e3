"""Bringing the models to one scale and taking out what is no part of them, with Open3D in a child process."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bitscape.core.errors import BitscapeError
from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry.cleaning import Rules
from bitscape.geometry.colmap import pycolmap

TIMEOUT = 1800  # seconds; native code that hangs is stopped
EXTENT = 10.0  # COLMAP's own choice within bundle adjustment
PROJECT = Path(__file__).resolve().parents[2]  # where `python -m bitscape...` finds the package, installed or not


def remove_outliers(
    models: Sequence[pycolmap.Reconstruction], scratch: Path, clouds: Path, settings: Reconstruct
) -> list[int]:
    """Bring each model to one scale, delete outliers and debris from it and write the cleaned clouds.

    The unit of a model is arbitrary. Afterwards the box of the middle four fifths of its points has a diagonal of
    `EXTENT` units, around the origin. This changes no angle and no pixel.

    Args:
        models: the models; changed.
        scratch: folder for the files between the two processes.
        clouds: folder for `K.ply`; created.
        settings: `outlier_...` and `debris_...`, see `bitscape.geometry.cleaning.Rules`.

    Returns:
        The number of points removed from each model.

    Raises:
        BitscapeError: Open3D cannot be loaded (naming the command that mends it), or fails or hangs.
    """
    clouds.mkdir(parents=True, exist_ok=True)
    if not models:
        return []
    for model in models:
        model.normalize(extent=EXTENT, use_images=False)
    rules = Rules(
        settings.outlier_neighbours,
        settings.outlier_ratio,
        settings.outlier_radius,
        settings.outlier_company,
        settings.debris_gap,
        settings.debris_share,
    )
    keys = [np.array(sorted(model.point3D_ids()), np.int64) for model in models]
    points = [model.points3D[key] for model, some in zip(models, keys, strict=True) for key in some.tolist()]
    source, target = scratch / "cleaning.npz", scratch / "cleaned.npz"
    np.savez(
        source,
        positions=np.array([point.xyz for point in points]),
        colours=np.array([point.color for point in points], np.uint8),
        cloud=np.repeat(np.arange(len(models), dtype=np.int32), [len(some) for some in keys]),
        rules=np.array(rules, np.float64),
    )
    _run_child([str(path.resolve()) for path in (source, target, clouds)])
    inlier = np.load(target)["inlier"]
    removed = []
    for model, some, inside in zip(models, keys, np.split(inlier, np.cumsum([len(k) for k in keys])[:-1]), strict=True):
        for key in some[~inside].tolist():
            model.delete_point3D(key)
        removed.append(int((~inside).sum()))
    return removed


def _run_child(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "bitscape.geometry.cleaning", *arguments]
    try:
        child = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        raise BitscapeError(
            f"cleaning the point clouds with Open3D took more than {TIMEOUT} s; run it again."
        ) from None
    if child.returncode:
        last = (child.stderr.strip().splitlines() or [f"exit status {child.returncode}"])[-1]
        raise BitscapeError(f"cleaning the point clouds failed: {last}")
