"""The true overlap of visible surface between photographs of one scene."""

import numpy as np

from bitscape.collection.sample.cameras import Camera
from bitscape.collection.sample.render import Scene, pixel_grid

_STEP = 6.0  # pixels
_TOLERANCE = 0.01  # of the distance


def visible_points(scene: Scene, camera: Camera, step: float = _STEP) -> np.ndarray:
    """Return the points of landmark and ground seen through a grid of pixels: (m, 3) float64, metres."""
    hits = scene.cast(camera.centre, camera.rays(pixel_grid(camera.width, camera.height, step)))
    return hits.points[scene.of_landmark(hits.owners)]


def seen(points: np.ndarray, scene: Scene, camera: Camera) -> np.ndarray:
    """Return which points (m, 3) a camera sees: inside its frame, with nothing more than 1 % nearer in the way."""
    pixels, depth = camera.project(points)
    inside = (depth > 0) & (pixels > 0).all(axis=1) & (pixels < (camera.width, camera.height)).all(axis=1)
    offset = points[inside] - camera.centre
    distance = np.linalg.norm(offset, axis=1)
    hits = scene.cast(camera.centre, offset / distance[:, None])
    inside[inside] = hits.distance > distance * (1 - _TOLERANCE)
    return inside


def overlap(scenes: list[Scene], cameras: list[Camera]) -> np.ndarray:
    """Measure the overlap of all photographs of one landmark.

    Args:
        scenes: one per photograph: the same landmark, its own occluders.
        cameras: one per photograph.

    Returns:
        (n, n) float32: of the surface points of landmark and ground that photograph i shows on a grid of 6 pixels,
        the share that photograph j shows too, by 3D visibility including its occluders. Not symmetric: a close-up lies
        within a wide view, not the reverse. The diagonal is 1 up to rounding of rays; 0 where i shows no such point.
    """
    shares = np.zeros((len(scenes), len(cameras)), dtype=np.float32)
    for i, (scene, camera) in enumerate(zip(scenes, cameras, strict=True)):
        points = visible_points(scene, camera)
        if len(points):
            shares[i] = [seen(points, *other).mean() for other in zip(scenes, cameras, strict=True)]
    return shares
