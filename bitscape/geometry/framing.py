"""How a model is turned and framed for a picture."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SHOWN = (1, 99)  # percentiles of the points that fit in; stray points would shrink the scene to a speck
SOME = 1e-3  # length of a mean of unit vectors below which they have no direction in common


def level(rotations: Array) -> Array:
    """Turn the world so that up is +z and the cameras look along +y on average.

    People hold cameras level, so the mean of the photographs' downward axes points down.

    Args:
        rotations: (n, 3, 3) camera from world; camera axes are right, down, forward.

    Returns:
        (3, 3) rotation from the model's world to the levelled one.
    """
    up, forward = -rotations[:, 1].mean(axis=0), rotations[:, 2].mean(axis=0)
    if np.linalg.norm(up) < SOME:  # turned against each other, none is right
        up = -rotations[0, 1]
    up /= np.linalg.norm(up)
    forward = forward - (forward @ up) * up
    if np.linalg.norm(forward) < SOME:  # all around the scene, or straight up and down
        forward = np.cross(up, np.eye(3)[np.argmin(np.abs(up))])
    forward /= np.linalg.norm(forward)
    return np.stack([np.cross(forward, up), forward, up])


def bounds(points: Array, centres: Array) -> tuple[Array, Array]:
    """Find the box to show: nearly all points, and all cameras that are not far away.

    Args:
        points: (n, 3).
        centres: (m, 3) of the cameras.

    Returns:
        Lower and upper corner, (3,) each.
    """
    low, high = np.percentile(points, SHOWN, axis=0)
    margin = 0.1 * (high - low)
    low, high = low - margin, high + margin
    near = np.linalg.norm(centres - (low + high) / 2, axis=1) < 3 * np.linalg.norm(high - low)
    return np.min([low, *centres[near]], axis=0), np.max([high, *centres[near]], axis=0)


def pyramid(centre: Array, axes: Array, half: Array, depth: float) -> Array:
    """Build the edges of a camera's field of view.

    Args:
        centre: (3,) of the camera.
        axes: (3, 3), columns are the camera's right, down and forward in the world.
        half: (2,) tangents of half the field of view, to the right and down.
        depth: height of the pyramid.

    Returns:
        (8, 2, 3) ends: four edges from the centre and four around the picture.
    """
    rim = np.array([[-1, -1, 1], [1, -1, 1], [1, 1, 1], [-1, 1, 1]]) * np.array([*half, 1])
    corners = centre + depth * rim @ axes.T
    spokes = np.stack([np.broadcast_to(centre, corners.shape), corners], axis=1)
    return np.concatenate([spokes, np.stack([corners, np.roll(corners, -1, axis=0)], axis=1)])
