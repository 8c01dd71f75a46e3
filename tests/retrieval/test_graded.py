"""T6 to T9 of DSRH's specification; the oracle is the definition in every order of the tied items."""

import math
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.metrics import ndcg_score

from bitscape.core.errors import BitscapeError
from bitscape.hamming.average_precision import expected, expected_at
from bitscape.hamming.codes import pack
from bitscape.hamming.ranking import histograms
from bitscape.retrieval.graded import (
    Graded,
    acg_at,
    expected_dcg,
    graded_histograms,
    ndcg_at,
    weighted_average_precision,
)

LEVELS = 4


def graded(ties):
    """Count the grades of each tie, a list of grades."""
    counts = [np.bincount(np.array(tie, dtype=int), minlength=LEVELS) for tie in ties]
    return Graded(np.array(counts)[None])


def ranked(grades):
    return graded([[grade] for grade in grades])


def orders(ties):
    for parts in product(*(permutations(tie) for tie in ties)):
        yield [grade for part in parts for grade in part]


def dcg(ranking, p):
    return sum((2**grade - 1) / math.log(rank + 1) for rank, grade in enumerate(ranking[:p], start=1))


def acg(ranking, p):
    return sum(ranking[:p]) / p


def weighted(ranking, top, over):
    total = sum(acg(ranking, rank) for rank in range(1, min(top, len(ranking)) + 1) if ranking[rank - 1] > 0)
    return total / max(1, sum(grade > 0 for grade in (ranking if over == "all" else ranking[:top])))


some_ties = st.lists(st.lists(st.integers(0, LEVELS - 1), max_size=4), min_size=1, max_size=4).filter(
    lambda ties: 0 < sum(map(len, ties)) <= 7
)


@pytest.mark.parametrize(
    ("grades", "score"), [([2, 0, 1], 0.9639404), ([0, 1, 2], 0.5868827), ([2, 1, 0], 1.0), ([3, 3, 1, 0], 1.0)]
)
def test_t6_ndcg(grades, score):
    assert ndcg_at(ranked(grades), len(grades))[0] == pytest.approx(score, abs=5e-8)


@pytest.mark.parametrize(("grades", "score"), [([2, 0, 1], 1.5), ([1, 0, 1], 0.8333333), ([1, 1, 0], 1.0)])
@pytest.mark.parametrize("over", ["found", "all"])
def test_t7_weighted_average_precision(grades, score, over):
    assert weighted_average_precision(ranked(grades), None, over)[0] == pytest.approx(score, abs=5e-8)


def test_t8_expected_dcg_of_ties():
    assert expected_dcg(graded([[2, 0, 1], [1, 0]]), 5)[0] == pytest.approx(4.6887652, abs=5e-8)


def test_t9_nothing_relevant():
    nothing = graded([[0, 0], [0]])
    assert acg_at(nothing, 2)[0] == 0
    assert weighted_average_precision(nothing)[0] == weighted_average_precision(nothing, 1, "all")[0] == 0
    assert np.isnan(ndcg_at(nothing, 2)[0])


@given(ties=some_ties, p=st.integers(1, 8))
@settings(deadline=None, max_examples=80)
def test_expectations_are_means_over_all_orders_also_where_a_tie_is_cut(ties, p):
    counted, every = graded(ties), list(orders(ties))
    assert expected_dcg(counted, p)[0] == pytest.approx(np.mean([dcg(one, p) for one in every]), abs=1e-12)
    assert acg_at(counted, p)[0] == pytest.approx(np.mean([acg(one, p) for one in every]), abs=1e-12)
    for over in ("found", "all"):
        mean = np.mean([weighted(one, p, over) for one in every])
        assert weighted_average_precision(counted, p, over)[0] == pytest.approx(mean, abs=1e-12)


@given(ties=some_ties, p=st.integers(1, 8))
@settings(deadline=None, max_examples=80)
def test_ndcg_is_scikit_learns_with_gains(ties, p):
    grades = np.array([grade for tie in ties for grade in tie])
    distances = np.repeat(np.arange(len(ties)), [len(tie) for tie in ties])
    if len(grades) < 2 or not grades.any():
        return
    theirs = ndcg_score([2.0**grades - 1], [-distances], k=p)
    assert ndcg_at(graded(ties), p)[0] == pytest.approx(theirs, abs=1e-12)


def test_the_best_order_is_that_of_the_whole_database():
    # The first two ranks hold nothing better, but the database does.
    assert ndcg_at(ranked([1, 1, 3]), 2)[0] == pytest.approx(dcg([1, 1], 2) / dcg([3, 1], 2))


def test_histograms_count_each_grade_at_its_distance_and_binary_grades_are_average_precision():
    rng = np.random.default_rng(0)
    queries, items = rng.choice([-1, 1], (7, 16)), rng.choice([-1, 1], (40, 16))
    relevance = rng.integers(0, LEVELS, (7, 40)) * (rng.random((7, 40)) < 0.5)
    counted = graded_histograms(pack(queries), pack(items), sparse.csr_array(relevance))
    distances = (16 - queries @ items.T) // 2
    for query, distance, grade in np.ndindex(counted.counts.shape):
        among = (distances[query] == distance) & (relevance[query] == grade)
        assert counted.counts[query, distance, grade] == among.sum()
    binary = sparse.csr_array((relevance > 0).astype(np.int32))
    ones, plain = (count(pack(queries), pack(items), binary) for count in (graded_histograms, histograms))
    np.testing.assert_allclose(weighted_average_precision(ones), expected(plain), atol=1e-12)
    np.testing.assert_allclose(weighted_average_precision(ones, 9), expected_at(plain, 9, "found"), atol=1e-12)


def test_codes_of_different_collections_are_refused():
    codes = pack(np.ones((3, 16)))
    with pytest.raises(BitscapeError, match="shape"):
        graded_histograms(codes, codes, sparse.csr_array((2, 3), dtype=np.int32))
