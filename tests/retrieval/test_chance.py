import numpy as np
import pytest
from scipy.sparse import csr_array

from bitscape.hamming.mean import mean_average_precision
from bitscape.retrieval.chance import chance_level


def test_chance_is_the_average_precision_of_identical_codes():
    grades = csr_array(np.random.default_rng(0).integers(-1, 2, (8, 40)))
    codes = np.zeros((40, 2), np.uint8)
    assert chance_level(grades) == pytest.approx(mean_average_precision(codes[:8], codes, grades))


def test_where_everything_is_relevant_chance_is_perfect_and_where_nothing_is_it_is_unknown():
    assert chance_level(csr_array(np.ones((2, 5)))) == pytest.approx(1)
    assert np.isnan(chance_level(csr_array((2, 5))))
