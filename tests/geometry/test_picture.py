from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.transform import Rotation

from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.framing import bounds, level, pyramid
from bitscape.geometry.picture import _draw, draw_model


def test_levelled_cameras_look_forward_with_the_sky_above() -> None:
    lost = Rotation.random(rng=1).as_matrix()  # how the model happens to lie in its own world
    upright = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])  # right, down, forward of a camera that looks along +y
    pans = Rotation.from_euler("z", [[-40], [-10], [10], [40]], degrees=True).as_matrix()
    turned = level(np.array([upright @ pan.T @ lost for pan in pans]))
    assert np.allclose(turned, lost, atol=1e-6)
    assert np.linalg.det(turned) == pytest.approx(1)


def test_cameras_all_around_still_have_a_sky() -> None:
    upright = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
    around = Rotation.from_euler("z", np.arange(0, 360, 45)[:, None], degrees=True).as_matrix()
    turned = level(np.array([upright @ turn.T for turn in around]))
    assert np.allclose(turned[2], [0, 0, 1])
    assert np.allclose(turned @ turned.T, np.eye(3))


def test_stray_points_and_cameras_do_not_shrink_the_scene() -> None:
    generator = np.random.default_rng(0)
    points = np.concatenate([generator.uniform(-1, 1, (1000, 3)), [[900, 0, 0], [0, -900, 0]]])
    low, high = bounds(points, np.array([[0, -4, 0], [5000, 0, 0]]))
    assert (high < 1.5).all()
    assert low[1] == -4


def test_a_pyramid_opens_where_the_camera_looks() -> None:
    edges = pyramid(np.array([1.0, 2.0, 3.0]), np.eye(3), np.array([0.5, 0.25]), 2.0)
    assert edges.shape == (8, 2, 3)
    corners = {tuple(corner) for corner in edges[:4, 1].tolist()}
    assert corners == {(0, 1.5, 5), (2, 1.5, 5), (2, 2.5, 5), (0, 2.5, 5)}


def test_a_camera_that_is_far_away_is_left_out(
    synthesize: Callable[..., tuple[Path, pycolmap.Reconstruction]], tmp_path: Path
) -> None:
    _, model = synthesize(frames=5, points=300)
    draw_model(model, "a model", tmp_path / "before.png")
    lost = sorted(model.reg_image_ids())[1]
    pose = model.images[lost].cam_from_world()
    pose.translation += np.array([0, 0, 1e6])
    model.images[lost].frame.set_cam_from_world(model.images[lost].camera_id, pose)
    draw_model(model, "a model", tmp_path / "after.png")
    with np.load(tmp_path / "before.npz") as before, np.load(tmp_path / "after.npz") as after:
        assert len(before["edges"]) == 5
        assert after["edges"].shape == (4, 8, 2, 3)
        assert after["images"].tolist() == np.delete(before["images"], 1).tolist()
        assert np.ptp(after["edges"]) < 2 * np.ptp(before["edges"])


def test_points_and_cameras_are_seen(
    synthesize: Callable[..., tuple[Path, pycolmap.Reconstruction]], tmp_path: Path
) -> None:
    _, model = synthesize(frames=5, points=300)
    for point in model.points3D.values():
        point.color = [20, 160, 20]
    draw_model(model, "a model", tmp_path / "picture.png")
    pixels = np.asarray(Image.open(tmp_path / "picture.png").convert("RGB")).astype(int)
    red, green, blue = np.moveaxis(pixels, 2, 0)
    cameras, points = (red > 150) & (green < 90), (green > 120) & (red < 90) & (blue < 90)
    half = pixels.shape[1] // 2
    for name, shown in (("cameras", cameras), ("points", points)):
        assert shown[:, :half].sum() > 200, name
        assert shown[:, half:].sum() > 200, name
    with np.load(tmp_path / "picture.npz") as drawn:
        assert {name: (array.shape, array.dtype.name) for name, array in drawn.items()} == {
            "points": ((len(drawn["points"]), 3), "float32"),
            "colours": ((len(drawn["points"]), 3), "uint8"),
            "edges": ((5, 8, 2, 3), "float32"),
            "images": ((5,), "int32"),
        }
        assert len(drawn["points"]) > 200
        assert (drawn["colours"] == [20, 160, 20]).all()
        assert drawn["images"].tolist() == [0, 3, 6, 9, 12]
    before = (tmp_path / "picture.npz").read_bytes()
    draw_model(model, "a model", tmp_path / "picture.png")
    assert (tmp_path / "picture.npz").read_bytes() == before


def test_a_point_alone_whose_cameras_are_all_far_away_is_drawn(tmp_path: Path) -> None:
    _draw(np.zeros((1, 3)), np.zeros((1, 3)), np.empty((0, 2, 3)), "one point", tmp_path / "model.png")
    with Image.open(tmp_path / "model.png") as picture:
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 1
