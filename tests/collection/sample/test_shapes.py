import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitscape.collection.sample.landmarks import LANDMARKS
from bitscape.collection.sample.shapes import Mesh
from bitscape.collection.sample.surfaces import Kind, Surface, linear
from bitscape.collection.sample.walls import Frame, Opening, wall

STONE = Surface(Kind.MASONRY, "#808080")
PANE = Surface(Kind.WINDOW, "#404040", size=(1.0, 1.0, 2, 2))


def area(corners: np.ndarray) -> float:
    return float(
        np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1).sum() / 2
    )


@given(st.floats(0.5, 3.0), st.floats(0.5, 3.0), st.floats(0.3, 3.0), st.floats(-3.0, 3.0))
def test_a_wall_has_the_area_that_the_opening_leaves(width: float, height: float, x: float, heading: float) -> None:
    mesh = Mesh()
    wall(mesh, Frame((1, 2, 0), heading), 8.0, 5.0, STONE, [Opening(x, 1.0, width, height, PANE, depth=0.0)])
    corners, _, owners = mesh.arrays()
    assert area(corners[owners == 0]) == pytest.approx(40 - width * height)
    assert area(corners[owners == 1]) == pytest.approx(width * height)


@pytest.mark.parametrize("arch", ["round", "pointed"])
def test_an_arch_and_its_spandrels_fill_the_opening(arch: str) -> None:
    mesh = Mesh()
    wall(mesh, Frame((0, 0, 0)), 4.0, 4.0, STONE, [Opening(1.0, 0.5, 1.6, 2.6, PANE, arch, depth=0.0)])
    corners, _, owners = mesh.arrays()
    pane = area(corners[owners == 1])
    assert area(corners) == pytest.approx(16.0)
    assert 0.75 * 1.6 * 2.6 < pane < 1.6 * 2.6


def test_a_lathe_of_a_cylinder_has_its_area() -> None:
    mesh = Mesh()
    mesh.lathe((0, 0, 0), [(2.0, 0.0), (2.0, 3.0)], STONE, sides=200)
    assert area(mesh.arrays()[0]) == pytest.approx(2 * np.pi * 2 * 3, rel=1e-3)


@pytest.mark.parametrize("name", LANDMARKS)
def test_landmarks_stand_on_the_ground_and_depend_on_the_seed(name: str) -> None:
    mesh, again = LANDMARKS[name].scene(11), LANDMARKS[name].scene(11)
    corners, _, _ = mesh.arrays()
    building = corners[np.abs(corners[:, :, :2]).max(axis=(1, 2)) < 60]
    assert np.isfinite(corners).all()
    assert building[:, :, 2].min() >= -0.05
    assert 0.6 < building[:, :, 2].max() / LANDMARKS[name].height < 1.4
    np.testing.assert_array_equal(corners, again.arrays()[0])
    assert not np.array_equal(np.array(mesh.rows), np.array(LANDMARKS[name].scene(12).rows))


def test_colours_become_linear_light() -> None:
    np.testing.assert_allclose(linear("#ff0080"), [1.0, 0.0, 0.21586], atol=1e-5)
