"""The checks of the specification of DSAH (A.13) on adaptive neighbour discovery."""

import tracemalloc
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from bitscape.supervision.discovery import discover_neighbours
from bitscape.supervision.neighbourhood import neighbourhood_similarity

MEASURES = ["raw", "cosine"]


def _similarity(n, seed, k=4):
    features = np.random.default_rng(seed).standard_normal((n, 6)).astype(np.float32)
    return neighbourhood_similarity(features, k, k)


def _outputs(n, seed):
    return np.tanh(np.random.default_rng(seed).standard_normal((n, 8))).astype(np.float32)


def _products(outputs, measure):
    hidden = outputs.astype(float)
    if measure == "cosine":
        hidden /= np.linalg.norm(hidden, axis=1, keepdims=True)
    return hidden @ hidden.T


@pytest.mark.parametrize("measure", MEASURES)
@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.floats(-2, 2))
def test_the_update_is_the_formula_only_adds_and_is_symmetric(measure, seed, gamma):
    similarity, outputs = _similarity(25, seed), _outputs(25, seed)
    products, before = _products(outputs, measure), similarity.toarray() > 0
    threshold = products[before].mean() + gamma * products[before].std(ddof=1)
    with patch("bitscape.supervision.neighbourhood.ROWS_PER_BLOCK", 7):
        grown = discover_neighbours(similarity, outputs, gamma, measure)
    assert grown.dtype == np.int8
    assert set(grown.data) == {1}
    dense = grown.toarray() > 0
    assert np.array_equal(dense, before | (products >= threshold - 1e-9))
    assert (dense >= before).all()
    assert np.array_equal(dense, dense.T)


def test_the_threshold_at_gamma_zero_is_the_mean_over_the_neighbours_with_the_diagonal():
    # Positives: 1, 1, 1, 1 (diagonal) and 0, 0; their mean 2/3 is between the other pairs' products 0.6 and 0.8.
    outputs = np.array([[1, 0], [0, 1], [0.6, 0.8], [0.8, -0.6]], dtype=np.float32)
    similarity = sparse.csr_array(np.eye(4, dtype=np.int8) + np.eye(4, dtype=np.int8)[[1, 0, 3, 2]])
    similarity[2, 3] = similarity[3, 2] = 0
    similarity.eliminate_zeros()
    added = discover_neighbours(similarity, outputs, 0.0) - similarity
    assert np.argwhere(added.toarray()).tolist() == [[0, 3], [1, 2], [2, 1], [3, 0]]


@pytest.mark.parametrize("measure", MEASURES)
@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000))
def test_at_gamma_zero_it_is_idempotent(measure, seed):
    similarity, outputs = _similarity(40, seed), _outputs(40, seed)
    once = discover_neighbours(similarity, outputs, 0.0, measure)
    assert (discover_neighbours(once, outputs, 0.0, measure) != once).nnz == 0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 40))
def test_it_is_idempotent_also_where_all_products_tie(seed, n):
    """Saturated or equal codes: every pair equals the mean up to rounding."""
    rng = np.random.default_rng(seed)
    equal = np.tile(np.tanh(rng.standard_normal(8)), (n, 1)).astype(np.float32)
    alone = sparse.csr_array(np.eye(n, dtype=np.int8))
    assert discover_neighbours(alone, equal, 0.0).nnz == n**2
    signs = np.sign(rng.standard_normal((n, 8))).astype(np.float32)
    once = discover_neighbours(alone, signs, 0.0)
    assert np.array_equal(once.toarray() > 0, signs @ signs.T == 8)


@pytest.mark.parametrize("measure", MEASURES)
@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([0.01, 0.5, 3.0, 100.0]), st.floats(-1, 1))
def test_scale_and_rotation_of_the_codes_change_nothing(measure, seed, scale, gamma):
    similarity, outputs = _similarity(40, seed), _outputs(40, seed).astype(np.float64)
    rotation = np.linalg.qr(np.random.default_rng(seed).standard_normal((8, 8)))[0]
    plain = discover_neighbours(similarity, outputs, gamma, measure)
    assert (discover_neighbours(similarity, scale * outputs, gamma, measure) != plain).nnz == 0
    assert (discover_neighbours(similarity, outputs @ rotation, gamma, measure) != plain).nnz == 0


def test_raw_and_cosine_agree_on_saturated_codes_and_differ_on_others():
    similarity = _similarity(60, 0)
    saturated = np.sign(_outputs(60, 1))
    one, other = (discover_neighbours(similarity, saturated, 0.0, measure) for measure in MEASURES)
    assert (one != other).nnz == 0
    loose = _outputs(60, 1) * np.linspace(0.1, 1, 60, dtype=np.float32)[:, None]
    one, other = (discover_neighbours(similarity, loose, 0.0, measure) for measure in MEASURES)
    assert (one != other).nnz > 0


def test_a_large_gamma_changes_nothing_and_a_small_one_makes_all_neighbours():
    similarity, outputs = _similarity(20, 2, 3), _outputs(20, 2)
    assert (discover_neighbours(similarity, outputs, 1e6) != similarity).nnz == 0
    assert discover_neighbours(similarity, outputs, -1e6).nnz == 400


def test_a_similarity_without_neighbours_is_told():
    with pytest.raises(ValueError, match="not even on its diagonal"):
        discover_neighbours(sparse.csr_array((5, 5), dtype=np.int8), _outputs(5, 0), 0.0)


def test_the_update_is_never_dense():
    """A dense n x n, even of single bytes, would alone be n^2."""
    n = 4000
    rng = np.random.default_rng(0)
    outputs = np.tanh(3 * rng.standard_normal((200, 16))[rng.integers(0, 200, n)] + rng.standard_normal((n, 16)))
    similarity = sparse.csr_array(sparse.eye_array(n, dtype=np.int8))
    with patch("bitscape.supervision.neighbourhood.ROWS_PER_BLOCK", 32):
        tracemalloc.start()
        grown = discover_neighbours(similarity, outputs, -1.0)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert n < grown.nnz < 0.1 * n**2
    assert peak < n**2


def _growth(precision, noise, share=0.05, classes=10, n=1000, bits=16):
    """One update of a random similarity of given share and precision: share, precision and recall after it."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(classes), n // classes)
    same = labels[:, None] == labels
    right, wrong = share * precision / same.mean(), share * (1 - precision) / (1 - same.mean())
    marked = np.triu(rng.random((n, n)) < np.where(same, right, wrong), 1)
    similarity = sparse.csr_array((marked | marked.T | np.eye(n, dtype=bool)).astype(np.int8))
    centres = np.sign(rng.standard_normal((classes, bits)))
    outputs = np.tanh(centres[labels] + noise * rng.standard_normal((n, bits))).astype(np.float32)
    grown = discover_neighbours(similarity, outputs, 0.0).toarray() > 0
    return grown.mean(), same[grown].mean(), grown[same].mean(), similarity.toarray()[same].mean()


def test_an_accurate_similarity_and_separated_codes_gain_half_of_the_missing_pairs():
    share, precision, recall, before = _growth(precision=1.0, noise=0.3)
    assert share == pytest.approx(0.074, abs=0.003)
    assert precision == 1
    assert before == pytest.approx(0.51, abs=0.01)
    assert recall == pytest.approx(0.75, abs=0.01)


def test_an_inaccurate_similarity_or_weak_codes_avalanche():
    share, precision, *_ = _growth(precision=0.1, noise=0.3)
    assert share == pytest.approx(0.42, abs=0.01)
    assert precision == pytest.approx(0.24, abs=0.01)
    share, precision, *_ = _growth(precision=1.0, noise=1.6)
    assert share == pytest.approx(0.19, abs=0.01)
    assert precision == pytest.approx(0.39, abs=0.02)
