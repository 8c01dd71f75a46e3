import numpy as np
import pytest
from scipy.sparse import csr_array

from bitscape.hamming.junk import JUNK
from bitscape.hamming.mean import mean_average_precision
from bitscape.retrieval.chance import chance_level


def test_chance_is_the_average_precision_of_identical_codes():
    grades = np.random.default_rng(0).integers(-1, 2, (8, 40))
    codes = np.zeros((40, 2), np.uint8)
    rows = [csr_array(row[None, row != JUNK]) for row in grades]
    each = [mean_average_precision(codes[:1], codes[: row.shape[1]], row) for row in rows]
    assert chance_level(csr_array(grades)) == pytest.approx(np.mean(each))


def test_where_everything_is_relevant_chance_is_perfect_and_where_nothing_is_it_is_unknown():
    assert chance_level(csr_array(np.ones((2, 5)))) == pytest.approx(1)
    assert np.isnan(chance_level(csr_array((2, 5))))
