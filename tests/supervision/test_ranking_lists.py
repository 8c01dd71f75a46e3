"""T2 and T10 of DSRH's specification."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from bitscape.supervision.ranking_lists import draw_queries, draw_triplets, list_weights, repetitions


def _labels(count, columns=5, seed=0, share=0.4):
    return (np.random.default_rng(seed).random((count, columns)) < share).astype(np.int64)


def _draw(labels, queries, seed=0, candidates=None, **options):
    every = np.ones(len(labels), dtype=bool) if candidates is None else candidates
    rng = np.random.default_rng(seed)
    return draw_triplets(np.asarray(queries), lambda r, c: labels[r] @ labels[c].T, every, rng, **options)


@pytest.mark.parametrize(
    ("grades", "expected"),
    [
        ([1, 0], {(0, 1): 0.6931472}),
        ([2, 1, 0], {(0, 1): 0.3818015, (0, 2): 0.5727022, (1, 2): 0.1909007}),
        ([3, 1, 0], {(0, 1): 0.5450034, (0, 2): 0.6358374, (1, 2): 0.0908339}),
    ],
)
def test_t2_weights(grades, expected):
    weights = list_weights(np.array([grades]))[0]
    for places, weight in expected.items():
        assert abs(weights[places] - weight) < 1e-7  # one of the last digit printed: 0.54500346 is cut, not rounded


@pytest.mark.parametrize(("grades", "ideal"), [([1, 0], 1.4426950), ([2, 1, 0], 5.2383243), ([3, 1, 0], 11.0091045)])
def test_t2_the_weight_of_the_whole_range_has_the_ideal_dcg_below_it(grades, ideal):
    assert (2 ** grades[0] - 1) / list_weights(np.array([grades]))[0, 0, -1] == pytest.approx(ideal, abs=5e-8)


@given(st.lists(st.integers(0, 12), min_size=3, max_size=6))
def test_t2_weights_add_up_along_the_list_and_turn_their_sign(grades):
    weights = list_weights(np.sort(grades)[None, ::-1])[0]
    np.testing.assert_allclose(weights[:, :, None] + weights[None], weights[:, None].repeat(len(grades), 1), atol=1e-12)
    np.testing.assert_allclose(weights, -weights.T)


def test_a_list_of_irrelevant_photographs_has_no_weight():
    assert not list_weights(np.zeros((2, 3), dtype=np.int64)).any()


@given(st.integers(0, 200))
def test_t10_places_have_their_grades_and_triplets_are_three_or_one(seed):
    labels = _labels(25, seed=seed)
    queries = np.flatnonzero(labels.any(axis=1))
    drawn = _draw(labels, queries, seed)
    for query in queries:
        grades = labels @ labels[query]
        others = np.delete(grades, query)
        mine = drawn.query == query
        more, less, weight = grades[drawn.more[mine]], grades[drawn.less[mine]], drawn.weight[mine]
        assert query not in drawn.more[mine]
        between = ((others > 0) & (others < others.max())).any()
        if others.max() == 0:
            assert mine.sum() == 0
        elif between and (others == 0).any():
            one = less[0]
            assert 0 < one < others.max()
            assert list(more) == [others.max(), others.max(), one]
            assert list(less) == [one, 0, 0]
            np.testing.assert_allclose(
                weight, list_weights(np.array([[others.max(), one, 0]]))[0][[0, 0, 1], [1, 2, 2]]
            )
        elif (others == 0).any():
            assert list(zip(more, less, strict=True)) == [(others.max(), 0)]
            assert weight == pytest.approx([math.log(2)])
        elif between:
            assert mine.sum() == 1
            assert 0 < less[0] < more[0] == others.max()


def test_t10_photographs_are_drawn_uniformly_among_those_that_fit():
    labels = np.array([[1, 1], [1, 1], [1, 1], [1, 0], [0, 1], [0, 0], [0, 0], [0, 0]])
    drawn = _draw(labels, np.zeros(6000, dtype=np.int64))
    best, between, none = drawn.more[::3], drawn.less[::3], drawn.less[1::3]
    assert np.array_equal(best, drawn.more[1::3])  # one list, not three independent draws
    for places, among in ((best, [1, 2]), (between, [3, 4]), (none, [5, 6, 7])):
        numbers, counts = np.unique(places, return_counts=True)
        assert list(numbers) == among
        np.testing.assert_allclose(counts / 6000, 1 / len(among), atol=0.03)  # over four deviations


def test_t10_the_query_may_be_in_its_own_list_if_allowed():
    labels = np.array([[1, 1, 1], [1, 0, 0], [0, 0, 0]])
    assert set(_draw(labels, [0] * 20).more) == {1}
    drawn = _draw(labels, [0] * 20, allow_self=True)
    assert 0 in drawn.more
    assert 0 not in drawn.less


def test_t10_a_photograph_that_is_no_candidate_is_never_drawn():
    labels = np.array([[1], [1], [0], [0]])
    drawn = _draw(labels, [0] * 30, candidates=np.array([True, True, True, False]))
    assert set(drawn.less) == {2}
    assert set(_draw(labels, [0] * 30).less) == {2, 3}


def test_t10_queries_are_repeated_by_their_rarest_label_and_never_without_one():
    labels = sparse.csr_array(np.array([[1, 0], [1, 0], [1, 1], [0, 0]], dtype=np.int32))
    assert list(repetitions(labels, 3000)) == [1001, 1001, 3001, 0]
    assert list(repetitions(labels, 1)) == [1, 1, 2, 0]
    assert list(repetitions(labels, 2)) == [1, 1, 3, 0]


@given(st.integers(0, 100), st.integers(1, 5000))
def test_t10_repetitions_are_the_formula(seed, constant):
    labels = _labels(12, 4, seed, 0.3)
    counts = labels.sum(axis=0)
    expected = [max([constant // counts[c] + 1 for c in np.flatnonzero(row)], default=0) for row in labels]
    assert list(repetitions(sparse.csr_array(labels.astype(np.int32)), constant)) == expected


def test_queries_of_several_blocks_come_in_their_order():
    labels = _labels(300)
    drawn = _draw(labels, np.arange(300))
    assert set(drawn.query) == set(np.flatnonzero(labels.any(axis=1)))
    assert np.array_equal(drawn.query, np.sort(drawn.query))


@pytest.mark.parametrize("queries", [[], [1]])
def test_nothing_to_draw_gives_no_triplet(queries):
    drawn = _draw(np.array([[1], [0], [0]]), np.array(queries, dtype=np.int64))
    assert len(drawn.query) == len(drawn.more) == len(drawn.less) == len(drawn.weight) == 0


@pytest.mark.parametrize("count", [1, 50, 10_000_000])
def test_queries_are_those_of_a_permutation_in_a_quarter_of_its_memory(count):
    repeats = np.random.default_rng(1).integers(0, 400, 3000)
    expected, rng, same = np.repeat(np.arange(3000), repeats), np.random.default_rng(0), np.random.default_rng(0)
    tracemalloc.start()
    queries = draw_queries(repeats, count, rng)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(queries, same.permutation(expected)[:count])
    assert queries.dtype == np.int64
    assert rng.random() == same.random()
    if count < 100:
        assert peak < 2 * expected.nbytes / 3
