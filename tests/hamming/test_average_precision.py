"""The oracle is the definition: average precision of every order of the tied items, by enumeration."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from bitscape.hamming.average_precision import bounds, expected, expected_at
from bitscape.hamming.ranking import Histograms


def orders(groups):
    """All rankings of tied groups, each group a list of 0 and 1, as lists of 0 and 1."""
    for parts in product(*(permutations(group) for group in groups)):
        yield [item for part in parts for item in part]


def precisions(ranking):
    return [sum(ranking[: rank + 1]) / (rank + 1) if hit else 0.0 for rank, hit in enumerate(ranking)]


def histogram(groups):
    return Histograms(np.array([[len(group) for group in groups]]), np.array([[sum(group) for group in groups]]))


groups_of_ties = st.lists(st.lists(st.integers(0, 1), max_size=4), min_size=1, max_size=5).filter(
    lambda groups: 0 < sum(map(len, groups)) <= 7
)


@given(groups_of_ties)
@settings(deadline=None, max_examples=60)
def test_expectation_and_bounds_are_those_of_all_orders(groups):
    total = max(1, sum(map(sum, groups)))
    scores = [sum(precisions(ranking)) / total for ranking in orders(groups)]
    worst, best = bounds(histogram(groups))
    assert expected(histogram(groups))[0] == pytest.approx(np.mean(scores), abs=1e-12)
    assert worst[0] == pytest.approx(min(scores), abs=1e-12)
    assert best[0] == pytest.approx(max(scores), abs=1e-12)


DENOMINATORS = {
    "min_rk": lambda ranking, k: min(sum(ranking), k),
    "found": lambda ranking, k: sum(ranking[:k]),
    "all": lambda ranking, k: sum(ranking),
}


@pytest.mark.parametrize("denominator", DENOMINATORS)
@given(groups=groups_of_ties, k=st.integers(1, 8))
@settings(deadline=None, max_examples=60)
def test_at_k_is_the_mean_of_all_orders_also_where_k_cuts_a_tie(denominator, groups, k):
    divide_by = DENOMINATORS[denominator]
    scores = [sum(precisions(ranking)[:k]) / max(1, divide_by(ranking, k)) for ranking in orders(groups)]
    assert expected_at(histogram(groups), k, denominator)[0] == pytest.approx(np.mean(scores), abs=1e-12)


@pytest.mark.parametrize(
    ("ranking", "score"),
    [([1, 0, 1, 0], 5 / 6), ([0, 1, 0, 1], 1 / 2), ([1, 1, 0, 0], 1.0), ([0, 0, 0, 1], 1 / 4), ([0, 0], 0.0)],
)
def test_hand_written_lists_without_ties(ranking, score):
    counts = histogram([[item] for item in ranking])
    assert expected(counts)[0] == pytest.approx(score)
    assert [bound[0] for bound in bounds(counts)] == pytest.approx([score, score])


def test_hand_written_lists_at_k():
    counts = histogram([[item] for item in [1, 0, 1, 0, 1]])
    assert expected_at(counts, 2, "all")[0] == pytest.approx(1 / 3)
    assert expected_at(counts, 2, "min_rk")[0] == pytest.approx(1 / 2)
    assert expected_at(counts, 2, "found")[0] == pytest.approx(1.0)


@given(st.lists(st.integers(0, 1), min_size=2, max_size=60).filter(any))
def test_without_ties_it_is_the_average_precision_of_scikit_learn(ranking):
    theirs = average_precision_score(ranking, -np.arange(len(ranking)))
    assert expected(histogram([[item] for item in ranking]))[0] == pytest.approx(theirs)


def test_a_large_tie_is_the_mean_of_random_orders():
    generator = np.random.default_rng(0)
    near, far = np.repeat([1, 0], [3, 9]), np.repeat([1, 0], [40, 160])
    counts = histogram([near.tolist(), far.tolist()])
    drawn = [np.r_[generator.permutation(near), generator.permutation(far)] for _ in range(4000)]
    hits = np.array(drawn)
    precision = hits.cumsum(axis=1) / np.arange(1, 213) * hits
    assert expected(counts)[0] == pytest.approx((precision.sum(axis=1) / 43).mean(), abs=0.005)
    found = precision[:, :50].sum(axis=1) / hits[:, :50].sum(axis=1)
    assert expected_at(counts, 50, "found")[0] == pytest.approx(found.mean(), abs=0.005)


def test_a_million_items_cost_less_than_a_hundred_millionth():
    ranks = np.arange(999_990, 1_000_000)
    counts = Histograms(np.array([[999_990, 10]]), np.array([[0, 10]]))
    exact = np.mean((ranks - 999_989) / (ranks + 1))
    assert expected(counts)[0] == pytest.approx(exact, rel=0, abs=1e-8)
