"""Which points of a model a photograph shows, whether or not a feature of it was matched to them."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.transform import Rotation

from bitscape.geometry.covisibility import covisibility, incidence

COVISIBLE = 15  # shared points of two photographs that see the same part of a model; of ORB-SLAM's covisibility graph
KERNEL = -0.05  # gamma of the inversion; nearer to 0 it hides less. Chosen on the rendered sample, see docs/mining.md


def visible_points(observations: pd.DataFrame, cameras: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """Add to each photograph's points those that it would see from where it stands.

    Tracks are shorter than visibility: features are not matched by other light or at other sizes. As in ORB-SLAM
    (Mur-Artal et al. 2015) a photograph's local map is what those photographs see that share points with it (ORB-SLAM
    takes their neighbours, too), and of that counts what falls into its frame. Where ORB-SLAM goes on to bound angle
    and distance, what other points hide is taken away, see `unhidden`; that combination is this project's. A point of a
    track always counts.

    Args:
        observations: of the tracks: columns `model`, `image`, `point`, `depth`, `focal`; no row twice.
        cameras: columns `model`, `image`, the pose `x` to `qw`, `focal`, `width`, `height`; each photograph once.
        points: columns `model`, `point`, `x`, `y`, `z` (model units), sorted by the first two: those of `observations`.

    Returns:
        `observations` with more rows, of the same columns and types, sorted by `model`, `image`, `point`.
    """
    if observations.empty:
        return observations
    tracks = incidence(observations, int(cameras["image"].max()) + 1)
    position = points[["x", "y", "z"]].to_numpy(np.float64)
    added = [
        points[["model", "point"]].iloc[new].assign(image=image, depth=depth, focal=focal)
        for image, focal, new, depth in _untracked(tracks, position, cameras)
    ]
    table = pd.concat([observations, *added])[list(observations)].astype(observations.dtypes.to_dict())
    return table.sort_values(["model", "image", "point"], ignore_index=True)


def _untracked(
    tracks: sparse.csr_array, position: NDArray[np.float64], cameras: pd.DataFrame
) -> Iterator[tuple[int, float, NDArray[np.int64], NDArray[np.float64]]]:
    """Find for each photograph the columns of points that it shows in no track, and their depth.

    One photograph at a time: the local maps of all together would not fit into memory.
    """
    shared = covisibility(tracks)
    turns = Rotation.from_quat(cameras[["qx", "qy", "qz", "qw"]].to_numpy()).as_matrix()
    for turn, camera in zip(turns, cameras.itertuples(index=False), strict=True):
        row = slice(*shared.indptr[camera.image : camera.image + 2])
        around = shared.indices[row][shared.data[row] >= COVISIBLE]
        own = tracks[[camera.image]].indices
        local = np.union1d(own, tracks[around].indices).astype(np.int64)
        away = (position[local] - (camera.x, camera.y, camera.z)) @ turn.T
        tracked = np.isin(local, own)
        shown = in_frame(away, camera.focal, camera.width, camera.height) | (tracked & (away[:, 2] > 0))
        shown[shown] = unhidden(away[shown])
        new = shown & ~tracked
        yield camera.image, camera.focal, local[new], away[new, 2]


def in_frame(points: NDArray[np.float64], focal: float, width: int, height: int) -> NDArray[np.bool_]:
    """Tell which points are in front of a camera and within its frame.

    Args:
        points: (p, 3) in the camera's axes (right, down, forward), any unit.
        focal: pixels.
        width: pixels; the principal point is the middle of the frame, and distortion is left out.
        height: pixels.

    Returns:
        (p,) bool.
    """
    half = np.array([width, height]) / 2
    # Behind the camera the right side is negative, so nothing there is inside.
    return np.all(np.abs(points[:, :2]) * focal < half * points[:, 2:], axis=1)


def unhidden(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which points of a cloud are seen from the origin, without a surface: hidden point removal.

    Points are inverted along their rays, near ones outwards; those on the convex hull of the inverted cloud and the
    origin are visible (Katz, Tal and Basri, SIGGRAPH 2007). Inverted is by the kernel distance ** gamma of Katz and Tal
    (ICCV 2015), which depends neither on the unit nor on how far the farthest point is.

    Args:
        points: (p, 3), none at the origin.

    Returns:
        (p,) bool.
    """
    inverted = points * np.linalg.norm(points, axis=1, keepdims=True) ** (KERNEL - 1)
    try:
        hull = ConvexHull(np.vstack([inverted, np.zeros(3)]))
    except (QhullError, ValueError):  # too few points, or all in one plane with the origin: no surface to hide behind
        return np.ones(len(points), bool)
    return np.isin(np.arange(len(points)), hull.vertices)
