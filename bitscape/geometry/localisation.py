"""Registering photographs against finished models, which stay as they are."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitscape.core.progress import follow
from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.copies import copy_index

MAX_ERROR = 8.0  # pixels between a feature and its projected point; copies are some hundred pixels wide
Tracks = dict[int, tuple[int, NDArray[np.int64]]]
COLUMNS = {"model": "int32", "image": "int32", "point": "int64"}


def localise(
    database: Path,
    models: Sequence[pycolmap.Reconstruction],
    queries: NDArray[np.int64],
    neighbours: NDArray[np.int64],
    min_inliers: int,
    seed: int,
) -> pd.DataFrame:
    """Find the pose of each photograph in the best fitting model, and the points that it sees there.

    Verified matches with photographs of a model lead through their tracks to 3D points; the pose is the one that most
    of these correspondences agree on (RANSAC, then refinement). Of several models the one with most inliers is taken.

    Args:
        database: features of all photographs, and the verified matches of each query with its neighbours.
        models: the finished models.
        queries: (q,) indices of the photographs to localise.
        neighbours: (q, k) indices of the photographs in the models that each was matched with.
        min_inliers: correspondences of an accepted pose.
        seed: of RANSAC.

    Returns:
        One row per point that a localised photograph sees: `model`, `image` int32, `point` int64, sorted by `image`,
        then `point`. A photograph without rows was not localised.
    """
    tracks = _tracks(models)
    seen = []
    with pycolmap.Database.open(database) as opened:
        images = {copy_index(image.name): image for image in opened.read_all_images()}
        asked = zip(queries.tolist(), neighbours.tolist(), strict=True)
        for query, near in follow(asked, "localise photographs", len(queries)):
            camera = opened.read_camera(images[query].camera_id)
            features = opened.read_keypoints(images[query].image_id)[:, :2].astype(np.float64)
            best = (-1, np.empty(0, np.int64))
            for number, (feature, point) in _correspondences(opened, images, query, near, tracks).items():
                positions = np.array([models[number].points3D[key].xyz for key in point.tolist()])
                inside = point[_inliers(features[feature], positions, camera, seed)]
                if len(np.unique(inside)) > len(best[1]):
                    best = (number, np.unique(inside))
            number, points = best
            if len(points) >= min_inliers:
                seen.append(pd.DataFrame({"model": number, "image": query, "point": points}))
    if not seen:
        return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in COLUMNS.items()})
    return pd.concat(seen).astype(COLUMNS).sort_values(["image", "point"], ignore_index=True)


def _tracks(models: Sequence[pycolmap.Reconstruction]) -> Tracks:
    """Map each registered photograph to its model's number and each of its features to a point (-1: to none)."""
    tracks = {}
    for number, model in enumerate(models):
        for image in [model.images[key] for key in model.reg_image_ids()]:
            points = [feature.point3D_id if feature.has_point3D() else -1 for feature in image.points2D]
            tracks[copy_index(image.name)] = number, np.array(points, np.int64)
    return tracks


def _correspondences(
    opened: pycolmap.Database, images: dict[int, pycolmap.Image], query: int, near: list[int], tracks: Tracks
) -> dict[int, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Collect for each model the pairs of a feature of the query and a point, each pair once."""
    found: dict[int, list[NDArray[np.int64]]] = {}
    for index in near:
        identities = images[query].image_id, images[index].image_id
        if index not in tracks or not opened.exists_two_view_geometry(*identities):
            continue
        number, points = tracks[index]
        matches = opened.read_two_view_geometry(*identities).inlier_matches.astype(np.int64).reshape(-1, 2)
        pairs = np.stack([matches[:, 0], points[matches[:, 1]]], axis=1)
        found.setdefault(number, []).append(pairs[pairs[:, 1] >= 0])
    unique = {number: np.unique(np.concatenate(pairs), axis=0) for number, pairs in found.items()}
    return {number: (pairs[:, 0], pairs[:, 1]) for number, pairs in unique.items()}


def _inliers(
    features: NDArray[np.float64], positions: NDArray[np.float64], camera: pycolmap.Camera, seed: int
) -> NDArray[np.bool_]:
    """Tell which correspondences agree with the most supported pose; none where no pose is found."""
    estimation = pycolmap.AbsolutePoseEstimationOptions()
    estimation.ransac.max_error = MAX_ERROR
    estimation.ransac.random_seed = seed
    # Without EXIF the focal length in the database is a guess from the width.
    estimation.estimate_focal_length = not camera.has_prior_focal_length
    if len(features) < 4:
        return np.zeros(len(features), bool)
    refinement = pycolmap.AbsolutePoseRefinementOptions()
    refinement.refine_focal_length = estimation.estimate_focal_length
    pose = pycolmap.estimate_and_refine_absolute_pose(features, positions, camera, estimation, refinement)
    return np.zeros(len(features), bool) if pose is None else np.asarray(pose["inlier_mask"], bool)
