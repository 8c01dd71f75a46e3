"""The way from tracks to pairs on COLMAP's synthetic scenes, whose true tracks and poses COLMAP itself knows."""

from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.transform import Rotation

from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.core.settings.supervision import MinePairs
from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.copies import copy_index
from bitscape.geometry.covisibility import apparent_scale, covisibility, ones
from bitscape.geometry.features import extract, match
from bitscape.geometry.observations import observe
from bitscape.geometry.pairs import positive_pairs
from bitscape.geometry.poses import COLUMNS, poses
from bitscape.geometry.reconstruction import build_models
from bitscape.geometry.strategies import camera_pool

Synthesize = Callable[..., tuple[Path, pycolmap.Reconstruction]]


def shared_by_tracks(models: list[pycolmap.Reconstruction], count: int) -> np.ndarray:
    """Count from COLMAP's own tracks, which the project's tables do not read: point by point, pair by pair."""
    shared = np.zeros((count, count), int)
    for model in models:
        for point in model.points3D.values():
            seeing = {copy_index(model.images[element.image_id].name) for element in point.track.elements}
            for image in seeing:
                shared[image, image] += 1
            for one, other in combinations(seeing, 2):
                shared[one, other] += 1
                shared[other, one] += 1
    return shared


@pytest.mark.parametrize("track_length", [2, 3, -1])
def test_the_track_pass_counts_what_colmap_s_tracks_say(synthesize: Synthesize, track_length: int) -> None:
    models = [synthesize(frames=6, points=200, track_length=track_length, first=first)[1] for first in (0, 1)]
    observations = observe(models)
    scale = apparent_scale(observations, 20)
    assert np.array_equal(covisibility(ones(scale)).toarray(), shared_by_tracks(models, 20))


def test_the_apparent_scale_is_that_of_the_true_cameras(synthesize: Synthesize) -> None:
    _, model = synthesize(frames=6, points=120)
    table = observe([model])
    for key, image in model.images.items():
        own = table[table["image"] == copy_index(image.name)]
        away = np.array([image.cam_from_world() * model.points3D[point].xyz for point in own["point"].tolist()])
        assert np.allclose(own["depth"], away[:, 2], rtol=1e-5), key
        # One pixel more to the right at that depth is depth / focal to the right; distortion bends it a little.
        camera = model.cameras[image.camera_id]
        here = camera.img_from_cam(np.array([0, 0, 5.0]))
        there = camera.img_from_cam(np.array([5.0 / own["focal"].iloc[0], 0, 5.0]))
        assert np.linalg.norm(there - here) == pytest.approx(1, rel=1e-3)


def test_cameras_are_where_colmap_put_them(synthesize: Synthesize) -> None:
    models = [synthesize(frames=5, points=60, first=first)[1] for first in (0, 1)]
    table = poses(models)
    assert table.dtypes.astype(str).to_dict() == COLUMNS
    assert table[["model", "image"]].to_numpy().tolist() == [
        [number, number + 3 * frame] for number in (0, 1) for frame in range(5)
    ]
    for row in table.itertuples():
        image = next(i for i in models[row.model].images.values() if copy_index(i.name) == row.image)
        turn = pycolmap.Rotation3d(np.array([row.qx, row.qy, row.qz, row.qw]))
        assert np.allclose(turn.matrix(), image.cam_from_world().rotation.matrix())
        assert np.allclose([row.x, row.y, row.z], image.projection_center())
        assert (row.width, row.height) == (1024, 768)
    assert poses([]).dtypes.astype(str).to_dict() == COLUMNS


def test_pixels_become_the_pairs_of_the_true_scene(synthesize: Synthesize, tmp_path: Path) -> None:
    """Synthetic pictures through features, matches and mapping: the mined pairs are those of the true tracks."""
    _, truth = synthesize(frames=6, points=120, step=1)
    photographs = tmp_path / "photographs"
    photographs.mkdir()
    pycolmap.synthesize_images(pycolmap.SyntheticImageOptions(), truth, photographs)
    names = sorted(image.name for image in truth.images.values())
    settings = Reconstruct(max_features=1024, deterministic=True)
    database, pairs = tmp_path / "features.db", np.array(list(combinations(range(6), 2)))
    extract(database, photographs, names, settings)
    match(database, pairs, tmp_path, settings, 0)
    models = build_models(database, photographs, tmp_path, settings, 0)
    assert len(models) == 1
    assert models[0].num_reg_images() == 6
    found, true = (mine([model]) for model in (models[0], truth))
    assert set(found[["query", "positive"]].itertuples(index=False, name=None)) == set(
        true[["query", "positive"]].itertuples(index=False, name=None)
    )
    assert len(true) == 30
    turned, truly = (Rotation.from_quat(poses([model])[["qx", "qy", "qz", "qw"]]) for model in (models[0], truth))
    for i, j in combinations(range(6), 2):
        between = turned[i] * turned[j].inv() * (truly[i] * truly[j].inv()).inv()
        assert np.degrees(between.magnitude()) < 1


def mine(models: list[pycolmap.Reconstruction]) -> pd.DataFrame:
    scale = apparent_scale(observe(models), 6)
    pool = camera_pool(poses(models), 6, 0)
    nothing = np.empty((6, 0), np.float32)
    return positive_pairs(covisibility(ones(scale)), scale, pool, nothing, MinePairs(), 0)
