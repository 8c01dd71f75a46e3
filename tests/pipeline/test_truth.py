"""What the pipeline finds on the sample against what the generator knows.

    pytest tests/pipeline/test_truth.py -s

prints the shares and the errors.
"""

import json
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.transform import Rotation

from bitscape.core.settings.supervision import MinePairs
from bitscape.geometry.covisibility import apparent_scale, covisibility, ones
from bitscape.geometry.pairs import positive_pairs
from bitscape.geometry.strategies import camera_pool
from bitscape.geometry.visibility import visible_points
from tests.pipeline.conftest import LANDMARKS

ENOUGH = 0.2  # true overlap of a pair that should be found

# COLMAP runs in a child, apart from what the tests import. It brings the model to the true cameras' places.
ALIGN = """
import json, sys
import numpy as np
from bitscape.geometry.colmap import pycolmap
model, places = pycolmap.Reconstruction(sys.argv[1]), json.loads(sys.argv[2])
images = [model.images[key] for key in sorted(model.reg_image_ids())]
named = [image.name for image in images]
true = np.array([places[str(int(name[:8]))] for name in named])
robust = pycolmap.RANSACOptions(max_error=2.0, random_seed=0)
model.transform(pycolmap.align_reconstruction_to_locations(model, named, true, 3, robust))
poses = [(image.cam_from_world().rotation.matrix(), image.projection_center()) for image in images]
print(json.dumps({int(name[:8]): [R.tolist(), centre.tolist()] for name, (R, centre) in zip(named, poses)}))
"""


@pytest.fixture(scope="module")
def names(project):
    return pd.read_parquet(project.root / "artifacts/prepare/collection.parquet")["image"]


@pytest.fixture(scope="module")
def overlap(project, names):
    """(n, n) the true overlap, by index."""
    with np.load(project.root / "truth/overlap.npz") as truth:
        order = pd.Index(truth["image"]).get_indexer(names)
        return truth["overlap"][np.ix_(order, order)]


@pytest.fixture(scope="module")
def true(project, names):
    """The true cameras, by index: rotations, centres and focal lengths."""
    with np.load(project.root / "truth/cameras.npz") as truth:
        order = pd.Index(truth["image"]).get_indexer(names)
        R, t, K = (truth[name][order] for name in ("R", "t", "K"))
    return R, -np.einsum("nji,nj->ni", R, t), K[:, 0, 0]


@pytest.fixture(scope="module")
def wanted(project, names, overlap):
    """(n, n) which training photographs truly overlap enough."""
    collection = pd.read_parquet(project.root / "artifacts/prepare/collection.parquet")
    training = (collection["split"] == "train").to_numpy()
    pairs = (overlap >= ENOUGH) & training[:, None] & training
    np.fill_diagonal(pairs, False)
    return pairs


def found(table, count):
    pairs = np.zeros((count, count), bool)
    pairs[table["query"], table["positive"]] = True
    return pairs


def told(name, pairs, wanted):
    precision, recall = (pairs & wanted).sum() / pairs.sum(), (pairs & wanted).sum() / wanted.sum()
    print(f"\n{name}: {pairs.sum()} mined, {wanted.sum()} wanted, precision {precision:.3f}, recall {recall:.3f}")
    return precision, recall


def mined(project, count, rules):
    """Mine again from the stage's inputs, bursts among the positives too."""
    read = project.root / "artifacts/reconstruct"
    observations, cameras = (pd.read_parquet(read / f"{name}.parquet") for name in ("observations", "cameras"))
    if rules.points == "visible":
        observations = visible_points(observations, cameras, pd.read_parquet(read / "points.parquet"))
    scale = apparent_scale(observations, count)
    pool = camera_pool(cameras, count, rules.camera_pool)
    nothing = np.empty((count, 0), np.float32)  # m3 looks at no descriptors
    return found(positive_pairs(covisibility(ones(scale)), scale, pool, nothing, rules, 0), count)


def test_mined_positives_really_overlap(project, overlap, wanted):
    pairs = found(pd.read_parquet(project.root / "artifacts/mine_pairs/positives.parquet"), len(overlap))
    precision, _ = told("by default", pairs, wanted)
    assert pairs.sum() > 50
    assert precision >= 0.98


@pytest.mark.parametrize(("points", "enough"), [("tracks", 0.85), ("visible", 0.9)])
def test_most_overlapping_pairs_of_like_size_are_mined(project, overlap, wanted, true, points, enough):
    """The rule leaves out pairs of unlike size on purpose; landmarks stand at (0, 3), all focal lengths are equal."""
    distance = np.linalg.norm(true[1][:, :2] - [0, 3], axis=1)
    alike = np.maximum(distance[:, None] / distance, distance / distance[:, None]) <= MinePairs().max_scale_change
    pairs = mined(project, len(overlap), MinePairs(points=points))
    precision, recall = told(f"of like size, {points}", pairs & alike, wanted & alike)
    assert precision >= 0.98
    assert recall >= enough


def test_with_visible_points_and_twice_the_size_nearly_all_overlapping_pairs_are_mined(project, overlap, wanted):
    pairs = mined(project, len(overlap), MinePairs(points="visible", max_scale_change=2))
    precision, recall = told("visible, scale change 2", pairs, wanted)
    assert precision >= 0.98
    assert recall >= 0.9


def test_with_looser_rules_nearly_all_overlapping_pairs_are_mined(project, overlap, wanted):
    rules = MinePairs(min_shared_points=10, min_overlap=0.1, max_scale_change=2.5)
    pairs = mined(project, len(overlap), rules)
    precision, recall = told("overlap 0.1, scale change 2.5, 10 points", pairs, wanted)
    assert precision >= 0.98
    assert recall >= 0.85


def test_nearly_all_training_photographs_are_registered(project):
    images = pd.read_parquet(project.root / "artifacts/mine_pairs/images.parquet")
    share = (images["model"] >= 0).mean()
    print(f"\nregistered: {share:.3f}")
    assert share >= 0.95


@pytest.mark.parametrize("number", range(len(LANDMARKS)))
def test_cameras_stand_and_look_as_they_really_did(project, true, number):
    R, centres, _ = true
    model = project.root / f"artifacts/reconstruct/models/{number}"
    places = json.dumps({index: centre.tolist() for index, centre in enumerate(centres)})
    aligned = json.loads(project.run(sys.executable, "-c", ALIGN, str(model), places).stdout)
    turns, shifts = [], []
    for index, (rotation, centre) in ((int(key), value) for key, value in aligned.items()):
        between = np.array(rotation) @ R[index].T
        turns.append(np.degrees(np.arccos(np.clip((np.trace(between) - 1) / 2, -1, 1))))
        shifts.append(np.linalg.norm(np.array(centre) - centres[index]))
    print(f"\nmodel {number}: median errors {np.median(turns):.3f} degrees, {np.median(shifts):.3f} m")
    assert np.median(turns) < 1
    assert np.median(shifts) < 0.02 * np.linalg.norm(centres - [0, 3, 0], axis=1).min()  # of 2 % of the way


@pytest.mark.parametrize("number", range(len(LANDMARKS)))
def test_cameras_are_turned_to_each_other_as_they_really_were(project, true, number):
    """Relative rotations need no alignment of the two worlds."""
    R, _, _ = true
    cameras = pd.read_parquet(project.root / "artifacts/reconstruct/cameras.parquet")
    cameras = cameras[cameras["model"] == number]
    turns = Rotation.from_quat(cameras[["qx", "qy", "qz", "qw"]].to_numpy()).as_matrix()
    index, errors = cameras["image"].to_numpy(), []
    for i in range(len(index)):
        for j in range(i):
            between = turns[j] @ turns[i].T @ (R[index[j]] @ R[index[i]].T).T
            errors.append(np.degrees(np.arccos(np.clip((np.trace(between) - 1) / 2, -1, 1))))
    assert np.median(errors) < 1
