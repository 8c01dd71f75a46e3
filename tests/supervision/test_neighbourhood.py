"""The checks of the specification of DSAH (A.13) on W^0 and its update."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from bitscape.supervision.neighbourhood import discover_neighbours, neighbourhood_similarity

READINGS = ["b", "union", "knn", "snn"]


def _features(n, seed, dimensions=6):
    return np.random.default_rng(seed).standard_normal((n, dimensions)).astype(np.float32)


def _plain(features, k1, k2, reading):
    """Follow A.4 with sets."""
    n = len(features)
    distances = ((features[:, None].astype(float) - features[None]) ** 2).sum(axis=2)
    near = [set(np.argsort(distances[i], kind="stable")[: min(k1 + 1, n)]) for i in range(n)]
    shared = [[len(near[i] & near[j]) for j in range(n)] for i in range(n)]
    similar = [set(sorted(range(n), key=lambda j: (-shared[i][j], j))[: min(k2, n)]) for i in range(n)]
    chosen = {
        "b": lambda i: near[i] & similar[i],
        "union": lambda i: set().union(*(near[k] for k in similar[i])),
        "knn": lambda i: near[i],
        "snn": lambda i: similar[i],
    }[reading]
    result = np.eye(n, dtype=np.int8)
    for i in range(n):
        for j in chosen(i):
            result[i, j] = result[j, i] = 1
    return result


@pytest.mark.parametrize("reading", READINGS)
@settings(max_examples=20, deadline=None)
@given(st.integers(2, 25), st.integers(2, 8), st.integers(2, 8), st.integers(0, 1000))
def test_it_equals_the_definition_with_sets(reading, n, k1, k2, seed):
    features = _features(n, seed)
    found = neighbourhood_similarity(features, k1, k2, reading)
    assert found.dtype == np.int8
    assert np.array_equal(found.toarray(), _plain(features, k1, k2, reading))


@pytest.mark.parametrize("reading", READINGS)
def test_all_neighbours_make_all_positive(reading):
    assert (neighbourhood_similarity(_features(12, 0), 11, 12, reading).toarray() == 1).all()


def test_separated_clusters_have_no_cross_positives_even_if_k2_is_larger():
    centres = 100 * np.eye(4, 6, dtype=np.float32)
    features = np.repeat(centres, 10, axis=0) + _features(40, 0)
    found = neighbourhood_similarity(features, 6, 25).toarray()
    clusters = np.repeat(np.arange(4), 10)
    assert not found[clusters[:, None] != clusters].any()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_rotation_and_scale_change_nothing_and_a_permutation_only_permutes(seed):
    rng = np.random.default_rng(seed)
    features = _features(30, seed)
    plain = neighbourhood_similarity(features, 5, 30).toarray()
    rotation = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    turned = neighbourhood_similarity((3 * features @ rotation).astype(np.float32), 5, 30).toarray()
    assert np.array_equal(plain, turned)
    order = rng.permutation(30)
    assert np.array_equal(neighbourhood_similarity(features[order], 5, 30).toarray(), plain[order][:, order])


def test_exact_duplicates_keep_the_diagonal():
    found = neighbourhood_similarity(np.zeros((20, 4), dtype=np.float32), 3, 3)
    assert (found.diagonal() == 1).all()


def _outputs(n, seed):
    return np.tanh(np.random.default_rng(seed).standard_normal((n, 8))).astype(np.float32)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.floats(-2, 2))
def test_the_update_is_the_formula_and_only_adds(seed, gamma):
    similarity = neighbourhood_similarity(_features(25, seed), 4, 4)
    outputs = _outputs(25, seed)
    products = outputs.astype(float) @ outputs.T.astype(float)
    before = similarity.toarray() > 0
    threshold = products[before].mean() + gamma * products[before].std(ddof=1)
    grown = discover_neighbours(similarity, outputs, gamma).toarray() > 0
    assert np.array_equal(grown, before | (products >= threshold - 1e-9))


def test_the_update_at_gamma_zero_is_idempotent_and_blind_to_scale_and_rotation():
    similarity, outputs = neighbourhood_similarity(_features(40, 1), 5, 5), _outputs(40, 1)
    once = discover_neighbours(similarity, outputs, 0.0)
    assert (discover_neighbours(once, outputs, 0.0) != once).nnz == 0
    rotation = np.linalg.qr(np.random.default_rng(0).standard_normal((8, 8)))[0].astype(np.float32)
    assert (discover_neighbours(similarity, 5 * outputs @ rotation, 0.0) != once).nnz == 0


def test_a_large_gamma_changes_nothing_and_a_small_one_makes_all_neighbours():
    similarity, outputs = neighbourhood_similarity(_features(20, 2), 3, 3), _outputs(20, 2)
    assert (discover_neighbours(similarity, outputs, 1e6) != similarity).nnz == 0
    assert discover_neighbours(similarity, outputs, -1e6).nnz == 400
    assert isinstance(discover_neighbours(similarity, outputs, 0.0), sparse.csr_array)
