"""The ground truth against a ray caster of a few lines of numpy, independent of Open3D."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bitscape.collection.sample.cameras import Camera
from bitscape.collection.sample.staging import Shot, stage
from bitscape.collection.sample.surfaces import Kind


def nearest_hit(origin: np.ndarray, directions: np.ndarray, corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Intersect rays with all triangles (Moeller and Trumbore): distances (n,), inf for none, and triangle indices."""
    a, ab, ac = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    distances, triangles = [], []
    for direction in directions:
        p = np.cross(direction, ac)
        det = np.einsum("ij,ij->i", ab, p)
        with np.errstate(divide="ignore", invalid="ignore"):
            u = np.einsum("ij,ij->i", origin - a, p) / det
            q = np.cross(origin - a, ab)
            v, t = q @ direction / det, np.einsum("ij,ij->i", ac, q) / det
            t = np.where((np.abs(det) > 1e-12) & (u >= 0) & (v >= 0) & (u + v <= 1) & (t > 1e-6), t, np.inf)
        triangles.append(int(np.argmin(t)))
        distances.append(t[triangles[-1]])
    return np.array(distances), np.array(triangles)


@pytest.fixture(scope="module")
def truth(sample: Path) -> dict[str, np.ndarray]:
    with np.load(sample / "truth" / "cameras.npz") as cameras, np.load(sample / "truth" / "overlap.npz") as overlap:
        return {**cameras, "overlap": overlap["overlap"]}


@pytest.fixture(scope="module")
def shots() -> list[Shot]:
    return stage("house_baker", 0, 4, 160, 120)


def camera(truth: dict[str, np.ndarray], index: int) -> Camera:
    return Camera(truth["R"][index], truth["t"][index], truth["K"][index], 160, 120)


def grid(step: int) -> np.ndarray:
    return np.array([(x + 0.5, y + 0.5) for y in range(step // 2, 120, step) for x in range(step // 2, 160, step)])


def test_the_silhouette_in_the_picture_is_where_the_camera_says(
    sample: Path, truth: dict[str, np.ndarray], shots: list[Shot]
) -> None:
    checked = 0
    for index in range(4):
        name, view, pixels = truth["image"][index], camera(truth, index), grid(10)
        picture = np.asarray(Image.open(sample / "images" / str(name)), dtype=float)
        centre = -view.R.T @ view.t
        directions = np.column_stack([pixels, np.ones(len(pixels))]) @ np.linalg.inv(view.K).T @ view.R
        sky = np.isinf(nearest_hit(centre, directions, shots[index].mesh.arrays()[0])[0])
        blue = picture[pixels[:, 1].astype(int), pixels[:, 0].astype(int), 2]
        assert pixels[sky, 1].mean() < pixels[~sky, 1].mean()
        best = max(np.mean((blue > limit) == sky) for limit in range(40, 250, 5))
        assert best > 0.85
        checked += 1
    assert checked == 4


def test_points_land_on_the_pixel_they_were_seen_through(truth: dict[str, np.ndarray], shots: list[Shot]) -> None:
    view, pixels = camera(truth, 1), grid(20)
    distance, _ = nearest_hit(view.centre, view.rays(pixels), shots[1].mesh.arrays()[0])
    met = np.isfinite(distance)
    points = view.centre + view.rays(pixels)[met] * distance[met, None]
    K, R, t = truth["K"][1], truth["R"][1], truth["t"][1]
    homogeneous = (K @ (R @ points.T + t[:, None])).T
    assert homogeneous[:, 2].min() > 0
    np.testing.assert_allclose(homogeneous[:, :2] / homogeneous[:, 2:], pixels[met], atol=1e-6)
    np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(R) == pytest.approx(1)
    assert R[1] @ [0, 0, 1] < -0.5  # image y points down


def test_overlap_is_a_share_and_never_crosses_landmarks(truth: dict[str, np.ndarray]) -> None:
    overlap, same = truth["overlap"], truth["landmark"][:, None] == truth["landmark"][None, :]
    assert overlap.dtype == np.float32
    assert overlap.min() >= 0
    assert overlap.max() <= 1
    assert np.all(overlap[~same] == 0)
    assert np.all(np.diag(overlap) > 0.995)
    assert np.abs(overlap - overlap.T).max() > 0.02  # a close-up lies in a wide view, not the reverse


def test_overlap_agrees_with_an_independent_count(truth: dict[str, np.ndarray], shots: list[Shot]) -> None:
    pixels = np.array(
        [(x, y) for y in range(3, 120, 6) for x in range(3, 160, 6)], dtype=float
    )  # as the truth is defined
    for i, j in ((0, 1), (3, 0)):
        view, other, mesh = camera(truth, i), camera(truth, j), shots[i].mesh
        corners, _, owners = mesh.arrays()
        distance, triangle = nearest_hit(view.centre, view.rays(pixels), corners)
        rows = owners[triangle]
        surface = (rows < shots[i].static) & (np.array(mesh.rows)[rows, 0] != Kind.BACKDROP)
        kept = np.isfinite(distance) & surface
        points = view.centre + view.rays(pixels)[kept] * distance[kept, None]
        seen, depth = other.project(points)
        inside = (depth > 0) & (seen > 0).all(axis=1) & (seen < (160, 120)).all(axis=1)
        away = points[inside] - other.centre
        length = np.linalg.norm(away, axis=1)
        first, _ = nearest_hit(other.centre, away / length[:, None], shots[j].mesh.arrays()[0])
        share = np.sum(first > 0.99 * length) / len(points)
        assert truth["overlap"][i, j] == pytest.approx(share, abs=0.01)  # single against double precision
