import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from bitscape.core.errors import CannotTrain
from bitscape.supervision.source import choose_training_source, label_columns, point_overlap

NONE = np.full(3, -1, dtype=np.int32)


def training(landmarks=(None, None, None), labels=((), (), ())):
    return pd.DataFrame({"landmark": list(landmarks), "labels": [list(each) for each in labels]})


@pytest.mark.parametrize(
    ("table", "models", "chosen"),
    [
        (training(["a", None, "b"], [["x"], [], []]), NONE, "landmark"),
        (training(labels=[["x"], [], []]), NONE + 1, "labels"),
        (training(), np.array([0, -1, 1], dtype=np.int32), "geometry"),
    ],
)
def test_auto_is_the_first_that_there_is(table, models, chosen):
    assert choose_training_source(table, models, "auto", "ath") == chosen


def test_graded_geometry_is_geometry():
    assert choose_training_source(training(), NONE + 1, "geometry-graded", "bcdh") == "geometry-graded"


def test_what_is_missing_is_told_with_the_setting_that_would_supply_it():
    with pytest.raises(CannotTrain, match=r"bcdh has .* no 3D models; set train.methods.bcdh.supervision to labels\."):
        choose_training_source(training(labels=[["x"], ["y"], []]), NONE, "geometry-graded", "bcdh")
    with pytest.raises(
        CannotTrain,
        match=r"nor 3D models; add overlapping photographs.* or fill the columns of data/labels",
    ):
        choose_training_source(training(), NONE, "auto", "ath")
    with pytest.raises(CannotTrain, match=r"no labels; set train.methods.ath.supervision to landmark or geometry"):
        choose_training_source(training(["a", "b", "c"]), NONE + 1, "labels", "ath")


def test_labels_landmarks_and_models_have_one_form():
    table = training(["b", None, "a"], [["y", "x"], ["y"], []])
    assert label_columns(table, NONE, "labels").toarray().tolist() == [[1, 1], [0, 1], [0, 0]]
    assert label_columns(table, NONE, "landmark").toarray().tolist() == [[0, 1], [0, 0], [1, 0]]
    models = np.array([7, -1, 3], dtype=np.int32)
    for source in ("geometry", "geometry-graded"):
        assert label_columns(table, models, source).toarray().tolist() == [[0, 1], [0, 0], [1, 0]]


@given(st.lists(st.sets(st.integers(0, 9)), min_size=1, max_size=6))
def test_overlap_is_the_share_of_common_points(points):
    seen = np.array([[point in own for point in range(10)] for own in points], dtype=np.int32)
    overlap = point_overlap(sparse.csr_array(seen @ seen.T)).toarray()
    for i, one in enumerate(points):
        for j, other in enumerate(points):
            expected = 2 * len(one & other) / (len(one) + len(other)) if one & other else 0
            assert overlap[i, j] == pytest.approx(expected)
