"""A picture of a 3D model for people to look at: its points and cameras, obliquely and from above."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.copies import copy_index
from bitscape.geometry.framing import Array, bounds, level, pyramid

MOST_POINTS = 40_000  # more only cover each other
PYRAMID = 0.05  # depth of a camera's pyramid as a share of the picture's extent
INCHES = 6.0  # height of the picture
# Turns (right, forward, up) of the levelled world to (right, up, towards the viewer).
ABOVE = Rotation.identity()
OBLIQUE = Rotation.from_euler("zx", [25, -65], degrees=True)


class Scene(NamedTuple):
    """What is shown of a model, upright.

    Attributes:
        points: (n, 3).
        colours: (n, 3) uint8.
        edges: (m, 8, 2, 3) ends of the edges of the pyramid of each camera that is not far away, first its centre.
        images: (m,) int32 indices of their photographs.
    """

    points: Array
    colours: NDArray[np.uint8]
    edges: Array
    images: NDArray[np.int32]


def draw_model(model: pycolmap.Reconstruction, title: str, path: Path) -> None:
    """Draw points in their colours and cameras as pyramids, seen obliquely and from above.

    What is drawn is also written beside the picture as `.npz`, in float32, for a page on which it can be turned.

    Args:
        model: with at least one point and one photograph.
        title: above the picture.
        path: PNG to write.
    """
    scene = arrange(model)
    _draw(scene.points, scene.colours / 255, scene.edges.reshape(-1, 2, 3), title, path)
    small = scene._replace(points=scene.points.astype(np.float32), edges=scene.edges.astype(np.float32))
    np.savez_compressed(path.with_suffix(".npz"), **small._asdict())


def arrange(model: pycolmap.Reconstruction) -> Scene:
    """Turn a model upright and leave out what would shrink it to a speck; at most `MOST_POINTS` points remain."""
    keys = np.array(sorted(model.point3D_ids()), np.int64)
    keys = keys[:: -(-len(keys) // MOST_POINTS)].tolist()
    colours = np.array([model.points3D[key].color for key in keys], np.uint8)
    images = [model.images[key] for key in sorted(model.reg_image_ids())]
    rotations = np.array([image.cam_from_world().rotation.matrix() for image in images])
    turned = level(rotations)
    points = np.array([model.points3D[key].xyz for key in keys]) @ turned.T
    centres = np.array([image.projection_center() for image in images]) @ turned.T
    low, high = bounds(points, centres)
    depth = PYRAMID * float(np.max(high - low))
    inside, near = (np.all((places >= low) & (places <= high), axis=1) for places in (points, centres))
    shown = np.flatnonzero(near).tolist()
    edges = [
        pyramid(centres[at], turned @ rotations[at].T, _half_angles(model.cameras[images[at].camera_id]), depth)
        for at in shown
    ]
    numbers = np.array([copy_index(images[at].name) for at in shown], np.int32)
    return Scene(points[inside], colours[inside], np.array(edges).reshape(-1, 8, 2, 3), numbers)


def _draw(points: Array, colours: Array, edges: Array, title: str, path: Path) -> None:
    size = float(np.clip(25_000 / len(points), 1.5, 10))
    extents = []
    figure = Figure(dpi=110, layout="constrained")
    axes = figure.subplots(1, 2)
    for panel, (name, view) in zip(axes, {"oblique": OBLIQUE, "from above": ABOVE}.items(), strict=True):
        seen, lines = view.apply(points), view.apply(edges.reshape(-1, 3)).reshape(edges.shape)
        order = np.argsort(seen[:, 2])  # the nearest are drawn last
        panel.scatter(*seen[order, :2].T, c=colours[order], s=size, linewidths=0)
        panel.add_collection(LineCollection(list(lines[..., :2]), colors="crimson", linewidths=0.8))
        flat = np.concatenate([seen[:, :2], lines[..., :2].reshape(-1, 2)])
        low, high = flat.min(axis=0), flat.max(axis=0)
        margin = 0.03 * float(np.max(high - low)) or 1.0  # of a point alone, whose cameras are all far away
        panel.set(xlim=(low[0] - margin, high[0] + margin), ylim=(low[1] - margin, high[1] + margin), aspect="equal")
        panel.set_title(name, fontsize=10, color="dimgrey")
        panel.set_axis_off()
        wide, tall = high - low + 2 * margin
        extents.append(float(np.clip(wide / tall, 0.4, 2.5)))
    axes[0].get_gridspec().set_width_ratios(extents)
    figure.set_size_inches(INCHES * min(sum(extents), 3), INCHES)
    figure.suptitle(title)
    figure.savefig(path, facecolor="white")


def _half_angles(camera: pycolmap.Camera) -> Array:
    """Tell how far a camera sees to the right and down at unit distance, (2,)."""
    return np.array([camera.width, camera.height]) / (2 * camera.mean_focal_length())
