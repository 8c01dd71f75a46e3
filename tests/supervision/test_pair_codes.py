"""Check T3 of the specification of BCDH: the exact B-step of reading B."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitscape.supervision.pair_codes import pair_codes


def cost(left, right, codes, similar, margin, weight, hinge):
    """The objective of one pair, as written."""
    apart = float(np.sum((codes[0] - codes[1]) ** 2))
    if similar:
        distance = 0.5 * apart
    elif hinge == "euclid":
        distance = 0.5 * max(0, margin - np.sqrt(apart)) ** 2
    else:
        distance = 0.5 * max(0, margin**2 - apart)
    return distance + weight / 2 * (np.sum((left - codes[0]) ** 2) + np.sum((right - codes[1]) ** 2))


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 100_000),
    st.integers(1, 5),
    st.sampled_from([0, 1]),
    st.sampled_from(["euclid", "sq"]),
    st.floats(0, 4),
    st.floats(0, 3),
)
def test_t3_it_finds_the_least_of_all_codes(seed, bits, similar, hinge, margin, weight):
    left, right = np.random.default_rng(seed).standard_normal((2, 1, bits))
    codes = pair_codes(left, right, np.array([similar]), margin, weight, hinge)[:, 0].astype(float)
    every = [np.array(code, dtype=float) for code in itertools.product([-1, 1], repeat=bits)]
    least = min(
        cost(left[0], right[0], pair, similar, margin, weight, hinge) for pair in itertools.product(every, repeat=2)
    )
    assert cost(left[0], right[0], codes, similar, margin, weight, hinge) == pytest.approx(least, abs=1e-12)


def test_the_worked_example():
    left, right = np.array([[0.3, -0.2]]), np.array([[-0.1, -0.4]])
    codes = pair_codes(left, right, np.array([1]), 1.0, 1.0, "euclid")[:, 0]
    assert codes.tolist() == [[1, -1], [1, -1]]
    assert cost(left[0], right[0], codes.astype(float), 1, 1.0, 1.0, "euclid") == pytest.approx(1.35)
    unturned = np.array([[1.0, -1.0], [-1.0, -1.0]])
    assert cost(left[0], right[0], unturned, 1, 1.0, 1.0, "euclid") == pytest.approx(3.15)


def test_pairs_are_solved_each_by_itself():
    rng = np.random.default_rng(0)
    left, right = rng.standard_normal((2, 30, 16))
    similar = rng.integers(0, 2, 30)
    together = pair_codes(left, right, similar, 3.4, 0.7, "euclid")
    for row in range(30):
        alone = pair_codes(left[[row]], right[[row]], similar[[row]], 3.4, 0.7, "euclid")
        np.testing.assert_array_equal(together[:, [row]], alone)


def test_a_large_weight_leaves_the_signs():
    left, right = np.random.default_rng(0).standard_normal((2, 30, 16))
    codes = pair_codes(left, right, np.arange(30) % 2, 3.4, 1e9, "euclid")
    np.testing.assert_array_equal(codes, np.where(np.stack([left, right]) >= 0, 1, -1))
