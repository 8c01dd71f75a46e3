"""What the pipeline finds on the sample against what the generator knows."""

import json
import sys

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.conftest import LANDMARKS

# Relative rotations need no alignment of the two worlds. COLMAP runs in a child, apart from what the tests import.
ROTATIONS = """
import json, sys
from bitscape.geometry.colmap import pycolmap
model = pycolmap.Reconstruction(sys.argv[1])
images = [model.images[key] for key in model.reg_image_ids()]
print(json.dumps({int(i.name[:8]): i.cam_from_world().rotation.matrix().tolist() for i in images}))
"""


@pytest.fixture(scope="module")
def names(project):
    return pd.read_parquet(project.root / "artifacts/prepare/collection.parquet")["image"]


def test_mined_positives_really_overlap(project, names):
    with np.load(project.root / "truth/overlap.npz") as truth:
        order = pd.Index(truth["image"]).get_indexer(names)
        overlap = truth["overlap"][np.ix_(order, order)]
    pairs = pd.read_parquet(project.root / "artifacts/mine_pairs/positives.parquet")
    found = overlap[pairs["query"], pairs["positive"]]
    assert len(pairs) > 50
    assert (found >= 0.2).mean() >= 0.98


@pytest.mark.parametrize("number", range(len(LANDMARKS)))
def test_cameras_are_turned_as_they_really_were(project, names, number):
    model = project.root / f"artifacts/reconstruct/models/{number}"
    told = project.run(sys.executable, "-c", ROTATIONS, str(model)).stdout
    found = {names[int(index)]: np.array(matrix) for index, matrix in json.loads(told).items()}
    with np.load(project.root / "truth/cameras.npz") as truth:
        true = dict(zip(truth["image"], truth["R"], strict=True))
    photographs = sorted(found)
    errors = []
    for i, one in enumerate(photographs):
        for other in photographs[i + 1 :]:
            between = found[other] @ found[one].T @ (true[other] @ true[one].T).T
            errors.append(np.degrees(np.arccos(np.clip((np.trace(between) - 1) / 2, -1, 1))))
    assert np.median(errors) < 1
