"""Who sees what in the finished models, as tables."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.copies import copy_index
from bitscape.geometry.reconstruction import registered

COLUMNS = {"model": "int32", "image": "int32", "point": "int64", "depth": "float32", "focal": "float32"}

POSITIONS = {"model": "int32", "point": "int64", **dict.fromkeys(("x", "y", "z"), "float64")}


def observe(models: Sequence[pycolmap.Reconstruction]) -> pd.DataFrame:
    """List each point that each photograph sees, with its depth.

    Args:
        models: finished models; their position is their number.

    Returns:
        One row per (model, image, point), sorted by them: `model` int32, `image` int32 (index of the photograph),
        `point` int64 (COLMAP's id), `depth` float32 (along the optical axis, model units), `focal` float32 (pixels).
        A point that a photograph sees in two features is listed once.
    """
    tables = [
        _observe_image(number, model, key) for number, model in enumerate(models) for key in model.reg_image_ids()
    ]
    if not tables:
        return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in COLUMNS.items()})
    table = pd.concat(tables, ignore_index=True).astype(COLUMNS)
    return table.sort_values(["model", "image", "point"], ignore_index=True)


def _observe_image(number: int, model: pycolmap.Reconstruction, key: int) -> pd.DataFrame:
    image = model.images[key]
    features = image.get_observation_points2D()
    points = np.unique(np.array([feature.point3D_id for feature in features], np.int64))
    positions = np.array([model.points3D[point].xyz for point in points.tolist()]).reshape(-1, 3)
    pose = image.cam_from_world().matrix()
    return pd.DataFrame(
        {
            "model": number,
            "image": copy_index(image.name),
            "point": points,
            "depth": positions @ pose[2, :3] + pose[2, 3],
            "focal": model.cameras[image.camera_id].mean_focal_length(),
        }
    )


def positions(models: Sequence[pycolmap.Reconstruction]) -> pd.DataFrame:
    """List where each point is.

    Args:
        models: finished models; their position is their number.

    Returns:
        One row per point, sorted: `model` int32, `point` int64 (COLMAP's id), `x`, `y`, `z` float64 (model units).
    """
    rows = [
        (number, point, *model.points3D[point].xyz.tolist())
        for number, model in enumerate(models)
        for point in sorted(model.point3D_ids())
    ]
    return pd.DataFrame(rows, columns=list(POSITIONS)).astype(POSITIONS)


def registrations(
    models: Sequence[pycolmap.Reconstruction], removed: Sequence[int], photographs: Sequence[int]
) -> dict[str, Any]:
    """Report which photographs each model holds and how well it fits.

    Args:
        models: the finished models.
        removed: points that cleaning took from each.
        photographs: indices of all photographs that were given.

    Returns:
        `models`: for each `images` (indices), `points`, `reprojection_error` (mean, pixels) and `removed_points`;
        `unregistered`: the photographs in no model.
    """
    described = [
        {
            "images": registered(model),
            "points": model.num_points3D(),
            "reprojection_error": round(float(model.compute_mean_reprojection_error()), 4),
            "removed_points": gone,
        }
        for model, gone in zip(models, removed, strict=True)
    ]
    inside = {index for model in models for index in registered(model)}
    return {"models": described, "unregistered": [index for index in photographs if index not in inside]}
