import re

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bitscape.hamming.ranking import Histograms
from bitscape.reporting.result import Result
from bitscape.reporting.sketches import HIGH, WIDE, nearer_share, sketch_distances, sketch_trainings


def make_result(epochs=3):
    generator = np.random.default_rng(0)
    items = generator.integers(0, 9, (4, 17))
    history = {
        "epoch": np.arange(float(epochs)),
        "map_expected": np.linspace(0.25, 0.75, epochs),
        "loss": np.r_[np.nan, np.arange(epochs - 1, 0.0, -1)],
        "never": np.zeros(epochs),
        "largest_identical_share": np.ones(epochs),
    }
    counts = Histograms(items, generator.integers(0, items + 1))
    return Result("bcdh", 16, counts=counts, history=history, epoch=epochs - 1)


def numbers(path):
    return [float(one) for one in re.findall(r"-?\d+\.?\d*", path)]


def test_the_share_of_nearer_pairs_is_the_area_under_scikit_learns_curve():
    counts = make_result().counts
    relevant, other = counts.relevant.sum(axis=0), (counts.items - counts.relevant).sum(axis=0)
    distance = np.repeat(np.tile(np.arange(17), 2), np.r_[relevant, other])
    truth = np.repeat([1, 0], [relevant.sum(), other.sum()])
    assert nearer_share(relevant, other) == pytest.approx(roc_auc_score(truth, -distance))
    assert np.isnan(nearer_share(relevant, other * 0))


def test_areas_have_a_step_for_each_distance_and_stay_in_the_drawing():
    (drawn,) = sketch_distances([make_result()], ["lsh", "bcdh"])
    assert (drawn.number, drawn.ends) == (1, ("0", "16"))
    for path in (*drawn.faint, drawn.strong):
        assert path.count("H") == 17
        assert 0 <= min(numbers(path)) <= max(numbers(path)) <= max(WIDE, HIGH)
    tops = [min(map(float, re.findall(r"V([\d.]+)H", path))) for path in (*drawn.faint, drawn.strong)]
    assert min(tops) == 4  # the higher of the two reaches the top


def test_trainings_show_the_chosen_epoch_and_leave_out_what_is_never_there():
    (drawn,) = sketch_trainings([make_result(), make_result(1)], ["bcdh"])
    assert len(drawn.faint) == 1
    assert numbers(drawn.faint[0])[0] == WIDE / 2  # the loss of epoch 0 is not known
    assert drawn.mark == pytest.approx((WIDE, HIGH - 0.75 * (HIGH - 4)))
    assert numbers(drawn.strong)[-2:] == pytest.approx(drawn.mark)
    assert drawn.note == "epoch 2 of 2, mAP 0.750"
