from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from bitscape.core.errors import CannotTrain
from bitscape.supervision.supervision import Supervision

SETS = st.lists(st.sets(st.integers(0, 4)), min_size=1, max_size=7)


def known(sets, source="labels", overlap=None):
    n = len(sets)
    labels = np.array([[label in own for label in range(5)] for own in sets], dtype=np.int32)
    shared = np.zeros((n, n)) if overlap is None else overlap
    return Supervision(
        np.arange(n), sparse.csr_array(labels), sparse.csr_array(shared.astype(np.float32)), source=source
    )


@given(SETS)
def test_targets_grades_and_clusters_agree_with_the_sets_of_labels(sets):
    given_ = known(sets)
    rows = np.arange(len(sets))
    grades, targets = given_.grades(rows, rows), given_.targets(rows, rows)
    for i, one in enumerate(sets):
        for j, other in enumerate(sets):
            assert grades[i, j] == len(one & other)
            assert targets[i, j] == bool(one & other)
            assert (given_.clusters[i] == given_.clusters[j]) == (one == other)
    assert given_.labelled.tolist() == [i for i, one in enumerate(sets) if one]
    assert (given_.clusters >= 0).tolist() == [bool(one) for one in sets]


@given(SETS)
def test_distributions_add_up_to_one_or_are_empty(sets):
    shares = known(sets).distributions(np.arange(len(sets)))
    sums = shares.sum(axis=1)
    np.testing.assert_array_equal(known(sets).distributions(np.array([len(sets) - 1])), shares[-1:])
    np.testing.assert_allclose(sums, [bool(one) for one in sets], rtol=1e-6)


def test_geometry_graded_has_the_share_of_points_for_its_targets():
    overlap = np.array([[1, 0.2, 0.34], [0.2, 1, 0.7], [0.34, 0.7, 0]])
    rows = np.arange(3)
    graded = known([{0}, {0}, {1}], "geometry-graded", overlap)
    np.testing.assert_allclose(graded.targets(rows, rows), overlap + np.diag([0, 0, 1]), rtol=1e-6)
    assert replace(graded, source="geometry").targets(rows, rows).tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 1]]


def test_one_class_is_too_few_and_the_sentence_names_the_setting():
    known([{0}, {1}]).require_classes("ath")
    with pytest.raises(CannotTrain, match=r"photographs have 1 \(3D models\).*train.methods.ath.supervision"):
        known([{0}, {0}, set()], "geometry").require_classes("ath")
