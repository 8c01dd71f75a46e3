"""A board behind a wall, photographed from both sides of the wall: what rays meet first decides what is visible."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.transform import Rotation

from bitscape.geometry.visibility import in_frame, unhidden, visible_points

WALL, BOARD = (2.0, 1.2, 0.0), (4.0, 2.2, 3.0)  # half the width, half the height, and how deep in the scene it stands
FOCAL, WIDTH, HEIGHT = 500.0, 640, 480
KEYS = ["model", "image", "point"]
# Where from, and turned by how many degrees: seven in front of the wall, three between wall and board, one of which
# looks along the board, one that looks away from everything.
CAMERAS = [((x, 0.2 * (i % 2), -7.0), -4 * x) for i, x in enumerate(np.linspace(-3, 3, 7))]
CAMERAS += [((-1.0, 0.0, 0.4), 0), ((1.0, 0.1, 0.4), 0), ((0.0, 0.0, 0.5), 60), ((0.0, 0.1, -7.0), 180)]


def panel(half_width: float, half_height: float, depth: float, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw points of an upright rectangle, a hair before or behind it, as reconstructed ones are."""
    low, high = (-half_width, -half_height, depth - 0.002), (half_width, half_height, depth + 0.002)
    return rng.uniform(low, high, (count, 3))


def truly_seen(points: np.ndarray, board: np.ndarray, camera: tuple[tuple[float, float, float], float]) -> np.ndarray:
    """Project by the matrix of the camera, and see where the ray to a point of the board passes the wall's plane."""
    centre, turn = np.array(camera[0]), rotation(camera[1]).as_matrix()
    K = np.array([[FOCAL, 0, WIDTH / 2], [0, FOCAL, HEIGHT / 2], [0, 0, 1]])
    x, y, z = K @ turn @ (points - centre).T
    framed = (z > 0) & (x / z > 0) & (x / z < WIDTH) & (y / z > 0) & (y / z < HEIGHT)
    share = -centre[2] / (points[:, 2] - centre[2])
    across = centre + share[:, None] * (points - centre)
    blocked = board & (share > 0) & (share < 1) & (np.abs(across[:, :2]) < WALL[:2]).all(axis=1)
    return framed & ~blocked


def rotation(degrees: float) -> Rotation:
    return Rotation.from_euler("y", degrees, degrees=True)


@pytest.fixture(scope="module")
def scene() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Tracks that hold two fifths of what is seen, cameras, points, and who truly sees what."""
    rng = np.random.default_rng(0)
    position = np.concatenate([panel(*WALL, 600, rng), panel(*BOARD, 1400, rng)])
    board = np.arange(2000) >= 600
    seen = np.array([truly_seen(position, board, camera) for camera in CAMERAS])
    matched = seen & (rng.random(seen.shape) < 0.4)
    matched[0, ~matched.any(axis=0) & seen.any(axis=0)] = False
    kept = matched.any(axis=0)
    position, seen, matched = position[kept], seen[:, kept], matched[:, kept]
    turns = [rotation(degrees) for _, degrees in CAMERAS]
    cameras = pd.DataFrame([centre for centre, _ in CAMERAS], columns=["x", "y", "z"])
    cameras[["qx", "qy", "qz", "qw"]] = [turn.as_quat() for turn in turns]
    cameras = cameras.assign(model=0, image=np.arange(len(CAMERAS)), focal=FOCAL, width=WIDTH, height=HEIGHT)
    image, point = np.nonzero(matched)
    table = pd.DataFrame({"model": 0, "image": image, "point": 10 * point})
    table["depth"] = [turns[i].apply(position[p] - CAMERAS[i][0])[2] for i, p in zip(image, point, strict=True)]
    points = pd.DataFrame(position, columns=["x", "y", "z"]).assign(model=0, point=10 * np.arange(len(position)))
    return table.assign(focal=FOCAL), cameras, points, seen


def shown(table: pd.DataFrame, like: np.ndarray) -> np.ndarray:
    found = np.zeros(like.shape, bool)
    found[table["image"], table["point"] // 10] = True
    return found


def test_what_rays_meet_first_is_visible(scene) -> None:
    observations, cameras, points, seen = scene
    found = shown(visible_points(observations, cameras, points), seen)
    before = shown(observations, seen)
    assert (before & seen).sum() / seen.sum() < 0.45
    assert (found & seen).sum() / found.sum() > 0.97
    assert (found & seen).sum() / seen.sum() > 0.7


def test_a_wall_hides_what_stands_behind_it(scene) -> None:
    """The frame alone would count the board from everywhere: most of it stands behind the wall."""
    observations, cameras, points, seen = scene
    found = shown(visible_points(observations, cameras, points), seen)
    behind = (points["z"].to_numpy() > 1) & ~seen[3] & (np.abs(points[["x", "y"]]) < (1.5, 0.8)).all(axis=1).to_numpy()
    assert behind.sum() > 50
    assert not found[3, behind].any()
    assert found[7, behind].mean() > 0.3  # who stands between the two sees them
    assert not found[-1].any()  # who looks away sees nothing


def test_a_tracked_point_is_visible_as_it_was(scene) -> None:
    observations, cameras, points, _ = scene
    wrong = observations.assign(depth=-observations["depth"])  # even where the pose says that it is hidden
    for tracks in (observations, wrong):
        found = visible_points(tracks, cameras, points)
        assert not found.duplicated(KEYS).any()
        assert found.sort_values(KEYS, ignore_index=True).equals(found)
        assert found.merge(tracks).equals(tracks)
        assert found.dtypes.equals(tracks.dtypes)


def test_a_photograph_that_shares_too_little_has_its_own_tracks_alone(scene) -> None:
    observations, cameras, points, _ = scene
    for count, more in ((14, False), (60, True)):
        few = observations[(observations["image"] != 3) | (observations.groupby("image").cumcount() < count)]
        found = visible_points(few, cameras, points)
        assert ((found["image"] == 3).sum() > count) == more


def test_depths_are_along_the_optical_axis(scene) -> None:
    observations, cameras, points, _ = scene
    found = visible_points(observations, cameras, points)
    for image in (0, 9):
        own = found[found["image"] == image]
        position = points.set_index("point").loc[own["point"], ["x", "y", "z"]].to_numpy()
        axis = rotation(-CAMERAS[image][1]).apply([0, 0, 1])
        assert np.allclose(own["depth"], (position - CAMERAS[image][0]) @ axis)


def test_other_names_of_photographs_change_nothing_but_names(scene) -> None:
    observations, cameras, points, _ = scene
    names = np.random.default_rng(1).permutation(len(CAMERAS)) * 2
    named = [table.assign(image=names[table["image"]]) for table in (observations, cameras)]
    found, again = visible_points(observations, cameras, points), visible_points(*named, points)
    expected = found.assign(image=names[found["image"]]).sort_values(KEYS, ignore_index=True)
    assert again.equals(expected)


def test_two_models_are_two_worlds(scene) -> None:
    """A second model at the same place, half as large, has the same points visible and hides nothing of the first."""
    observations, cameras, points, _ = scene
    half, place = {"depth": observations["depth"] / 2}, ["x", "y", "z"]
    second = observations.assign(model=1, image=observations["image"] + len(CAMERAS), **half)
    stood = cameras.assign(model=1, image=cameras["image"] + len(CAMERAS), **(cameras[place] / 2))
    small = points.assign(model=1, **(points[place] / 2))
    both = [pd.concat(pair, ignore_index=True) for pair in ((observations, second), (cameras, stood), (points, small))]
    found, alone = visible_points(*both), visible_points(observations, cameras, points)
    assert found[found["model"] == 0].equals(alone)
    other = found[found["model"] == 1].reset_index(drop=True)
    assert (other["image"] - len(CAMERAS)).equals(alone["image"])
    assert other["point"].equals(alone["point"])
    assert np.allclose(other["depth"], alone["depth"] / 2)


def test_without_a_model_nothing_is_visible(scene) -> None:
    nothing = [table.iloc[:0] for table in scene[:3]]
    assert visible_points(*nothing).equals(nothing[0])


def test_the_frame_ends_where_the_picture_does() -> None:
    edge = WIDTH / 2 / FOCAL
    points = np.array([(0.99 * edge, 0, 1), (1.01 * edge, 0, 1), (0, 0, -1), (0, 1.01 * HEIGHT / 2 / FOCAL, 1)])
    assert in_frame(points, FOCAL, WIDTH, HEIGHT).tolist() == [True, False, False, False]


@pytest.mark.parametrize("count", [0, 1, 3, 40])
def test_points_without_a_surface_hide_nothing(count: int) -> None:
    plane = np.random.default_rng(count).uniform(1, 2, (count, 3)) * (1, 0, 1)  # the origin lies in it
    assert unhidden(plane).tolist() == [True] * count
