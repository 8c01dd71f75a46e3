"""Where the photographs are taken from, in COLMAP's convention: x right, y down, z forward, pixel centres at 0.5."""

from dataclasses import dataclass

import numpy as np

from bitscape.collection.sample.landmarks import Landmark

FOCAL_35MM = 30  # equivalent focal length, written to EXIF
_DIAGONAL_35MM = float(np.hypot(36.0, 24.0))
_ARC = np.radians(92.0)


@dataclass(frozen=True)
class Camera:
    """A pinhole camera: a world point X is seen at K (R X + t).

    Attributes:
        R: (3, 3) float64, world to camera.
        t: (3,) float64, metres.
        K: (3, 3) float64, pixels.
        width: pixels.
        height: pixels.
    """

    R: np.ndarray
    t: np.ndarray
    K: np.ndarray
    width: int
    height: int

    @property
    def centre(self) -> np.ndarray:
        """Position in the world: (3,) float64, metres."""
        return -self.R.T @ self.t

    def rays(self, pixels: np.ndarray) -> np.ndarray:
        """Return unit directions in the world through pixel positions: (n, 2) to (n, 3) float64."""
        inside = np.concatenate([pixels, np.ones((len(pixels), 1))], axis=1) @ np.linalg.inv(self.K).T
        world = inside @ self.R
        return world / np.linalg.norm(world, axis=1, keepdims=True)

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return pixel positions (n, 2) and depths (n,) of world points (n, 3); depth <= 0 is behind the camera."""
        inside = points @ self.R.T + self.t
        depth = inside[:, 2]
        ahead = np.where(depth > 1e-9, depth, np.nan)[:, None]
        return (inside @ self.K.T)[:, :2] / ahead, depth


def intrinsics(width: int, height: int) -> np.ndarray:
    """Return K (3, 3) of a picture of `width` x `height` pixels, from the focal length for the 35 mm diagonal."""
    focal = FOCAL_35MM / _DIAGONAL_35MM * np.hypot(width, height)
    return np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])


def look_at(centre: np.ndarray, target: np.ndarray, roll: float = 0.0) -> np.ndarray:
    """Return the rotation R (3, 3), world to camera, that looks from `centre` at `target`; roll in radians."""
    forward = (target - centre) / np.linalg.norm(target - centre)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    c, s = np.cos(roll), np.sin(roll)
    return np.stack([c * right + s * down, c * down - s * right, forward])


def cameras(landmark: Landmark, count: int, width: int, height: int, rng: np.random.Generator) -> list[Camera]:
    """Place `count` cameras on an arc of 92 degrees around the front, from one to two distances away.

    They come in no order, so that neighbours in the listing are no neighbours in space.
    """
    angles = _ARC * ((np.arange(count) + 0.5 + rng.uniform(-0.2, 0.2, count)) / count - 0.5)
    scales = 2 ** ((np.arange(count) * 0.618034 + rng.uniform()) % 1.0)
    placed = []
    for angle, scale in zip(angles, scales, strict=True):
        distance = landmark.distance * scale
        position = np.array([distance * np.sin(angle), 3.0 - distance * np.cos(angle), rng.uniform(1.5, 2.6)])
        middle = landmark.height * (0.22 + 0.17 * scale / 2 + rng.uniform(-0.03, 0.05)) + 0.5
        target = np.array([rng.uniform(-0.07, 0.07) * distance, 3.0, middle])
        R = look_at(position, target, rng.normal(0, 0.012))
        placed.append(Camera(R, -R @ position, intrinsics(width, height), width, height))
    return [placed[i] for i in rng.permutation(count)]
