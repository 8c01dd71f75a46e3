from collections.abc import Callable
from pathlib import Path

import numpy as np

from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.copies import copy_index
from bitscape.geometry.localisation import localise

Synthesize = Callable[..., tuple[Path, pycolmap.Reconstruction]]


def take_out(model: pycolmap.Reconstruction, index: int) -> set[int]:
    """Take a photograph out of a model; tell the points that it saw."""
    (image,) = [image for image in model.images.values() if copy_index(image.name) == index]
    seen = {feature.point3D_id for feature in image.get_observation_points2D()}
    model.deregister_frame(image.frame_id)
    return seen & set(model.point3D_ids())


def test_a_photograph_finds_the_points_that_it_saw(synthesize: Synthesize) -> None:
    database, model = synthesize(frames=8, points=400)
    expected = take_out(model, 6)
    size = model.num_points3D()
    found = localise(database, [model], np.array([6]), np.array([[0, 3, 9, 12, 15, 18, 21]]), 15, seed=0)
    assert set(found["point"]) == expected
    assert found["model"].unique().tolist() == [0]
    assert found["image"].unique().tolist() == [6]
    assert found["point"].is_monotonic_increasing
    assert found["point"].is_unique
    assert (model.num_reg_images(), model.num_points3D()) == (7, size)


def test_wrong_matches_are_no_inliers(synthesize: Synthesize) -> None:
    database, model = synthesize(frames=6, points=300)
    expected = take_out(model, 0)
    moved = set(sorted(expected)[::3])
    for key in moved:
        model.points3D[key].xyz = model.points3D[key].xyz[[1, 2, 0]] + 1
    near = np.array([[3, 6, 9, 12, 15]])
    found = set(localise(database, [model], np.array([0]), near, 15, seed=0)["point"])
    assert expected - moved <= found
    assert len(found & moved) <= 3  # one may come to lie on the right line of sight by chance


def test_the_model_with_most_inliers_is_taken(synthesize: Synthesize) -> None:
    database, model = synthesize(frames=8, points=300)
    expected = take_out(model, 0)
    half = pycolmap.Reconstruction(model)
    for key in sorted(half.point3D_ids())[::2]:
        half.delete_point3D(key)
    for image in list(model.images.values()):  # 3 to 9 stay in the whole model, 12 to 21 in the half
        if image.has_pose and copy_index(image.name) > 9:
            model.deregister_frame(image.frame_id)
    for image in list(half.images.values()):
        if image.has_pose and copy_index(image.name) <= 9:
            half.deregister_frame(image.frame_id)
    found = localise(database, [half, model], np.array([0]), np.array([[3, 6, 9, 12, 15, 18, 21]]), 15, seed=0)
    assert found["model"].unique().tolist() == [1]
    assert set(found["point"]) == expected


def test_neighbours_without_a_model_lead_nowhere(synthesize: Synthesize) -> None:
    database, model = synthesize(frames=6)
    take_out(model, 0)
    take_out(model, 3)
    assert localise(database, [model], np.array([0]), np.array([[3]]), 15, seed=0).empty
    found = localise(database, [model], np.array([0, 3]), np.array([[3], [6]]), 15, seed=0)
    assert found["image"].unique().tolist() == [3]


def test_too_few_inliers_are_no_pose(synthesize: Synthesize) -> None:
    database, model = synthesize(frames=6, points=60)
    seen = take_out(model, 0)
    near = np.array([[3, 6, 9, 12, 15]])
    assert len(localise(database, [model], np.array([0]), near, len(seen), seed=0)) == len(seen)
    assert localise(database, [model], np.array([0]), near, len(seen) + 1, seed=0).empty


def test_matches_that_agree_on_no_pose_are_refused(synthesize: Synthesize) -> None:
    database, model = synthesize(frames=6, points=200)
    take_out(model, 0)
    positions = {key: point.xyz.copy() for key, point in model.points3D.items()}
    shuffled = np.random.default_rng(0).permutation(sorted(positions)).tolist()
    for key, other in zip(sorted(positions), shuffled, strict=True):
        model.points3D[key].xyz = positions[other]
    near = np.array([[3, 6, 9, 12, 15]])
    assert localise(database, [model], np.array([0]), near, 15, seed=0).empty
