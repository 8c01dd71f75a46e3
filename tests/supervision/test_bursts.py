"""Photographs of a burst count once in what methods draw by graded relevance."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.stats import chisquare

from bitscape.core.settings.dsrh import DSRH as Settings
from bitscape.methods.dsrh import DSRH
from bitscape.supervision.bursts import once, own_burst, shares
from bitscape.supervision.supervision import Supervision
from bitscape.supervision.triplets import draw_triplets

BURSTS = st.lists(st.integers(0, 3), max_size=12).map(lambda drawn: np.array(drawn, np.int64))


def place() -> Supervision:
    """Build one place of 8 photographs and another of 2; 1 to 4 are a burst, 0 and 5 to 7 see the same a little."""
    overlap = np.zeros((10, 10), np.float32)
    overlap[:8, :8] = 0.3
    overlap[1:5, 1:5] = 0.95
    labels = sparse.csr_array(np.repeat(np.eye(2, dtype=np.int32), [8, 2], axis=0))
    near = np.array([-1, 0, 0, 0, 0, -6, -7, -8, -9, -10])
    graded, levels = sparse.csr_array(overlap), sparse.csr_array(np.ceil(3 * overlap).astype(np.int8))
    return Supervision(np.arange(10), labels, graded, levels=levels, source="geometry-graded", near_duplicates=near)


@given(BURSTS, st.integers(0, 99))
def test_one_of_each_burst_stands_for_it(bursts: np.ndarray, seed: int) -> None:
    assert sorted(bursts[once(bursts, np.random.default_rng(seed))]) == sorted(set(bursts.tolist()))
    np.testing.assert_allclose([shares(bursts)[bursts == burst].sum() for burst in set(bursts.tolist())], 1, rtol=1e-6)


def test_without_bursts_nothing_is_drawn() -> None:
    rng = np.random.default_rng(0)
    assert once(np.arange(5), rng).all()
    assert rng.random() == np.random.default_rng(0).random()


@given(BURSTS.filter(len), st.integers(0, 99))
def test_the_own_burst_is_left_out_only_where_others_are_relevant(bursts: np.ndarray, seed: int) -> None:
    relevance = np.random.default_rng(seed).integers(0, 2, (len(bursts), len(bursts)))
    left_out = own_burst(relevance, bursts, bursts)
    for i, own in enumerate(bursts):
        others = any(relevance[i, j] and bursts[j] != own for j in range(len(bursts)))
        assert left_out[i].tolist() == [bool(others and other == own) for other in bursts]


def test_positives_of_ath_are_of_a_burst_as_often_as_of_one_photograph() -> None:
    known = place()
    drawn = draw_triplets(known, np.zeros(4000, np.int64), np.random.default_rng(0))
    counts = np.bincount(drawn[:, 1], minlength=10)
    assert chisquare([counts[1:5].sum(), *counts[5:8]]).pvalue > 0.01
    within = draw_triplets(known, np.ones(500, np.int64), np.random.default_rng(0))
    assert set(within[:, 1]) == {0, 5, 6, 7}


def test_ranking_lists_of_dsrh_hold_one_of_a_burst_and_not_the_query_s_own() -> None:
    known = place()
    method = DSRH(Settings(queries_per_epoch=10_000, repeat_constant=400), 8, 0)
    method.supervision = known
    drawn = [batch.images.reshape(3, -1) for epoch in range(30) for batch in method.batches(epoch, None, rng(epoch))]
    query, more, less = np.concatenate(drawn, axis=1)
    assert set(more[query == 1]) == {0, 5, 6, 7}
    counts = np.bincount(more[query == 0], minlength=8)
    assert chisquare([counts[1:5].sum(), *counts[5:8]]).pvalue > 0.01
    assert (counts[1:5] > 0).all()  # another of them in each epoch
    assert set(less[query == 0]) == {8, 9}


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_place_that_is_one_burst_is_learned_from_all_the_same() -> None:
    labels = sparse.csr_array(np.repeat(np.eye(2, dtype=np.int32), 2, axis=0))
    overlap = sparse.csr_array(np.kron(np.eye(2), np.full((2, 2), 0.9)).astype(np.float32))
    known = Supervision(
        np.arange(4), labels, overlap, source="geometry-graded", near_duplicates=np.array([0, 0, -3, -4])
    )
    drawn = draw_triplets(known, known.labelled, np.random.default_rng(0))
    assert drawn[:, :2].tolist() == [[0, 1], [1, 0], [2, 3], [3, 2]]
