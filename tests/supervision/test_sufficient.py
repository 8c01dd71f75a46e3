from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from bitscape.core.errors import CannotTrain
from bitscape.supervision.sufficient import can_be_ranked, have_negatives, require_dissimilar, require_label_sets
from bitscape.supervision.supervision import Supervision

EVERYWHERE = [{0}, {0, 1}, {0, 2}, {0, 1}]  # a label that all have


def known(sets, source="labels", **more):
    n = len(sets)
    labels = np.array([[label in own for label in range(3)] for own in sets], dtype=np.int32)
    nothing = sparse.csr_array((n, n), dtype=np.float32)
    return Supervision(np.arange(n), sparse.csr_array(labels), **{"overlap": nothing, "source": source, **more})


@pytest.mark.parametrize(
    ("sets", "there"),
    [(EVERYWHERE, False), ([{0}, {0}, set()], False), ([{0}, {1}], True), ([{0, 1}, {1, 2}, {2}], True)],
)
def test_negatives_share_no_label(sets, there):
    given = known(sets)
    assert have_negatives(given, given.labelled) == there


def test_a_distractor_is_a_negative():
    alone = known([{0}, {0}, set()])
    assert have_negatives(replace(alone, distractors=np.array([2])), np.array([0, 1]))


def test_lists_need_two_grades():
    assert not can_be_ranked(known([{0, 1}] * 5), True, False)
    assert can_be_ranked(known(EVERYWHERE), True, False)
    unlabelled = known([{0}, {0}, set()])
    assert can_be_ranked(unlabelled, True, False)
    assert not can_be_ranked(unlabelled, False, False)


def test_photographs_that_all_share_a_label_are_not_dissimilar():
    require_dissimilar(known([{0}, {1}]), "exchnet")
    with pytest.raises(CannotTrain, match=r"all share a label \(labels\); add .* train.methods.exchnet.supervision"):
        require_dissimilar(known(EVERYWHERE), "exchnet")


def test_graded_targets_below_one_are_dissimilar():
    half = sparse.csr_array(np.full((3, 3), 0.5, dtype=np.float32))
    require_dissimilar(known([{0}] * 3, "geometry-graded", overlap=half), "exchnet")


def test_labels_that_all_have_alike_cannot_be_told_apart():
    require_label_sets(known([{0}, {0, 1}]), "rvssdh")
    with pytest.raises(
        CannotTrain, match=r"rvssdh learns to tell labels apart, .* all have the same ones \(3D models\)"
    ):
        require_label_sets(known([{0, 1}, set(), {0, 1}], "geometry"), "rvssdh")
