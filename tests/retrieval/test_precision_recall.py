import numpy as np
import pytest

from bitscape.hamming.ranking import Histograms
from bitscape.retrieval.precision_recall import (
    mean_precision_within,
    precision_by_radius,
    precision_recall_curve,
    precision_within,
)

# Two queries over 5 items: the first has items at distance 0, 1 and 3, the second only at 2 and 3.
COUNTS = Histograms(np.array([[1, 2, 0, 2], [0, 0, 4, 1]]), np.array([[1, 1, 0, 0], [0, 0, 1, 1]]))


def test_precision_within_a_radius():
    assert np.array_equal(precision_within(COUNTS, 1), [2 / 3, np.nan], equal_nan=True)
    assert precision_within(COUNTS, 2).tolist() == [2 / 3, 1 / 4]
    assert precision_within(COUNTS, 99).tolist() == [2 / 5, 2 / 5]


def test_a_query_with_an_empty_ball_counts_zero_or_is_skipped():
    assert mean_precision_within(COUNTS, 1, "zero") == pytest.approx(1 / 3)
    assert mean_precision_within(COUNTS, 1, "skip") == pytest.approx(2 / 3)


def test_curve_by_hand():
    curve = precision_recall_curve(COUNTS)
    assert curve.recall == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert curve.precision == pytest.approx([1.0, 2 / 3, (2 / 3 + 1 / 4) / 2, 2 / 5])
    assert precision_recall_curve(COUNTS, "zero").precision[:2] == pytest.approx([0.5, 1 / 3])


def test_radii_at_which_nothing_is_found_are_left_out():
    curve = precision_recall_curve(Histograms(np.array([[0, 0, 5]]), np.array([[0, 0, 2]])))
    assert curve.recall.tolist() == [1.0]
    assert curve.precision.tolist() == [0.4]


def test_no_query_at_all():
    nothing = Histograms(np.zeros((0, 9), int), np.zeros((0, 9), int))
    assert len(precision_recall_curve(nothing).recall) == 0
    assert np.isnan(mean_precision_within(nothing, 2))


def test_precision_by_radius_is_that_within_each():
    assert precision_by_radius(COUNTS).tolist() == [mean_precision_within(COUNTS, radius) for radius in range(4)]
