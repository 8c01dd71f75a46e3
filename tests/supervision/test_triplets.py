"""The checks of the sampler in the specification of ATH (1.4 and 1.10)."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.stats import chisquare

from bitscape.supervision import triplets as module
from bitscape.supervision.supervision import Supervision
from bitscape.supervision.triplets import balance_queries, draw_triplets


def _known(labels, overlap=None, source="labels"):
    n = len(labels)
    graded = sparse.csr_array(np.zeros((n, n)) if overlap is None else overlap, dtype=np.float32)
    return Supervision(np.arange(n), sparse.csr_array(np.asarray(labels, dtype=np.int32)), graded, source=source)


def _classes(counts):
    return np.eye(len(counts), dtype=np.int32)[np.repeat(np.arange(len(counts)), counts)]


@settings(deadline=None)
@given(st.lists(st.integers(2, 9), min_size=2, max_size=6), st.integers(0, 1000))
def test_with_one_label_each_every_photograph_is_the_query_once(counts, seed):
    known = _known(_classes(counts))
    query, positive, negative = draw_triplets(known, known.labelled, np.random.default_rng(seed)).T
    assert np.array_equal(query, np.arange(sum(counts)))
    of_each = known.clusters
    assert (of_each[query] == of_each[positive]).all()
    assert (query != positive).all()
    assert (of_each[query] != of_each[negative]).all()


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 30), st.integers(1, 5), st.integers(1, 7))
def test_with_several_labels_or_none_queries_without_a_triplet_are_left_out(seed, number, labels, block):
    rng = np.random.default_rng(seed)
    has = rng.random((number, labels)) < 0.3
    known = _known(has)
    original, module.QUERIES_PER_BLOCK = module.QUERIES_PER_BLOCK, block
    found = draw_triplets(known, known.labelled, rng)
    module.QUERIES_PER_BLOCK = original
    shared = has.astype(int) @ has.T > 0
    expected = []
    for query in range(number):
        positives = [other for other in range(number) if other != query and shared[query, other]]
        negatives = [other for other in range(number) if has[other].any() and not shared[query, other]]
        if positives and negatives:
            expected.append(query)
    assert found.shape == (len(expected), 3)
    assert list(found[:, 0]) == expected
    for query, positive, negative in found:
        assert shared[query, positive]
        assert query != positive
        assert not shared[query, negative]
        assert has[negative].any()


def _drawn(known, query, times=4000):
    found = draw_triplets(known, np.full(times, query), np.random.default_rng(0))
    return (np.bincount(found[:, column], minlength=len(known.rows)) for column in (1, 2))


def test_positives_and_negatives_are_uniform():
    positives, negatives = _drawn(_known(_classes([5, 2, 9])), 0)
    assert positives[0] == positives[5:].sum() == negatives[:5].sum() == 0
    assert chisquare(positives[1:5]).pvalue > 0.01
    assert chisquare(negatives[5:]).pvalue > 0.01  # uniform over photographs, so mostly of the large class


def test_graded_positives_are_proportional_to_overlap_and_negatives_share_no_point():
    overlap = np.eye(6)
    for one, other, share in ((0, 1, 0.6), (0, 2, 0.2), (1, 2, 0.5)):
        overlap[one, other] = overlap[other, one] = share
    # 0 to 4 are of one model; 3 and 4 share nothing with 0.
    known = _known(_classes([5, 1]), overlap, "geometry-graded")
    positives, negatives = _drawn(known, 0)
    assert set(np.flatnonzero(positives)) == {1, 2}
    assert chisquare(positives[1:3], 4000 * np.array([0.75, 0.25])).pvalue > 0.01
    assert set(np.flatnonzero(negatives)) == {3, 4, 5}
    assert chisquare(negatives[3:]).pvalue > 0.01
    assert list(draw_triplets(known, known.labelled, np.random.default_rng(0))[:, 0]) == [0, 1, 2]


def test_balanced_queries_have_rare_labels_as_often_as_common_ones():
    known = _known(_classes([2, 8, 40]))
    queries = np.delete(known.labelled, 0)  # one of the rare label's two photographs may not be a query
    drawn = np.concatenate([balance_queries(known, queries, np.random.default_rng(seed)) for seed in range(100)])
    assert len(drawn) == 100 * 49
    assert set(drawn) == set(queries)
    assert chisquare(np.bincount(known.clusters[drawn])).pvalue > 0.01
    assert chisquare(np.bincount(drawn)[2:10]).pvalue > 0.01


def test_without_queries_there_is_nothing_to_draw():
    known, none = _known(_classes([3, 3])), np.empty(0, dtype=np.int64)
    assert len(balance_queries(known, none, np.random.default_rng(0))) == 0
    assert draw_triplets(known, none, np.random.default_rng(0)).shape == (0, 3)


def test_a_number_that_is_rounded_to_the_total_still_draws_a_photograph(monkeypatch):
    class Highest:
        def random(self, shape):
            return np.full(shape, 1 - 2**-53)

    # 3 (1 - 2^-53) is rounded to 3.
    weights = np.array([[1, 0, 2, 0], [0, 0, 0, 0]], dtype=np.float32)
    assert list(module._draw(weights, Highest())) == [2, -1]
