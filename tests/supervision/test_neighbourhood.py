"""The checks of the specification of DSAH (A.13) on W^0."""

import tracemalloc
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from bitscape.supervision.neighbourhood import most_shared, nearest_neighbours, neighbourhood_similarity, neighbours_of

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


@pytest.mark.parametrize(("n", "count"), [(3, 2), (100, 5), (9_990, 500), (10_000, 500), (65_000, 500)])
def test_neighbours_are_a_share_and_no_more_than_the_authors_have(n, count):
    assert neighbours_of(n, 0.05) == count


@pytest.mark.parametrize("reading", READINGS)
@settings(max_examples=20, deadline=None)
@given(st.integers(2, 25), st.integers(2, 8), st.integers(2, 8), st.integers(0, 1000))
def test_it_equals_the_definition_with_sets(reading, n, k1, k2, seed):
    features = _features(n, seed)
    found = neighbourhood_similarity(features, k1, k2, reading)
    assert found.dtype == np.int8
    assert np.array_equal(found.toarray(), _plain(features, k1, k2, reading))


@pytest.mark.parametrize("reading", READINGS)
def test_k1_of_all_others_and_k2_of_all_make_all_positive(reading):
    assert (neighbourhood_similarity(_features(12, 0), 11, 12, reading).toarray() == 1).all()


@pytest.mark.parametrize("reading", READINGS)
@settings(max_examples=15, deadline=None)
@given(st.integers(2, 30), st.integers(1, 40), st.integers(1, 40), st.integers(0, 1000))
def test_it_is_symmetric_with_ones_on_the_diagonal_and_nothing_but_ones_stored(reading, n, k1, k2, seed):
    found = neighbourhood_similarity(_features(n, seed), k1, k2, reading)
    assert set(found.data) == {1}
    assert (found != found.T).nnz == 0
    assert (found.diagonal() == 1).all()
    assert found.nnz == np.count_nonzero(found.toarray())


def test_b_is_the_strictest_reading_and_union_the_loosest():
    features = _features(80, 3)
    by = {reading: neighbourhood_similarity(features, 8, 8, reading).toarray() > 0 for reading in READINGS}
    assert (by["b"] <= by["knn"]).all()
    assert (by["b"] <= by["snn"]).all()
    assert (by["knn"] <= by["union"]).all()
    assert by["b"].sum() < by["knn"].sum() < by["union"].sum()


@pytest.mark.parametrize(("reading", "k2"), [("b", 25), ("knn", 25), ("b", 7), ("knn", 7), ("union", 7), ("snn", 7)])
@pytest.mark.parametrize("seed", range(3))
def test_separated_clusters_of_more_than_k1_have_no_cross_positives(reading, k2, seed):
    """With `b` (and `knn`) even where K2 is more than the cluster has; `snn` then has to reach beyond."""
    features = np.repeat(100 * np.eye(4, 6, dtype=np.float32), 10, axis=0) + _features(40, seed)
    clusters = np.repeat(np.arange(4), 10)
    found = neighbourhood_similarity(features, 6, k2, reading).toarray()
    assert not found[clusters[:, None] != clusters].any()
    assert found.sum() > 40


def _unclear(features, k1, k2):
    """Mark rows whose K2 photographs of most shared neighbours depend on the order of equal counts."""
    near = nearest_neighbours(features, k1 + 1).astype(int)
    shared = (near @ near.T).toarray()
    last = np.sort(shared, axis=1)[:, -k2]
    return (shared >= last[:, None]).sum(axis=1) > k2


@pytest.mark.parametrize("reading", READINGS)
@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_rotation_reflection_and_scale_change_nothing_and_a_permutation_only_permutes(reading, seed):
    rng = np.random.default_rng(seed)
    features = _features(60, seed)
    plain = neighbourhood_similarity(features, 25, 3, reading).toarray()
    turn = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    turned = neighbourhood_similarity((3 * features @ turn).astype(np.float32), 25, 3, reading).toarray()
    assert np.array_equal(plain, turned)
    order = rng.permutation(60)
    permuted = neighbourhood_similarity(features[order], 25, 3, reading).toarray()
    unclear = np.zeros(60, dtype=bool) if reading == "knn" else _unclear(features, 25, 3)
    clear = ~(unclear[:, None] | unclear)
    assert clear.sum() > 60
    assert np.array_equal(permuted[clear[order][:, order]], plain[order][:, order][clear[order][:, order]])


def test_exact_duplicates_keep_the_diagonal():
    found = neighbourhood_similarity(np.zeros((20, 4), dtype=np.float32), 3, 3)
    assert (found.diagonal() == 1).all()


def test_equal_counts_go_to_the_lower_index():
    near = sparse.csr_array(np.eye(6, dtype=bool))
    assert most_shared(near, 3).toarray().tolist() == [
        [i == j or j in [k for k in range(6) if k != i][:2] for j in range(6)] for i in range(6)
    ]


def test_no_reading_is_ever_dense():
    """A dense n x n, even of single bytes, would alone be n^2."""
    n = 3000
    features = _features(n, 0, 16)
    for reading in READINGS:
        with patch("bitscape.supervision.neighbourhood.ROWS_PER_BLOCK", 32):
            tracemalloc.start()
            found = neighbourhood_similarity(features, 5, 5, reading)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert found.nnz < 0.1 * n**2
        assert peak < n**2, reading


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("rows", [1, 7, 512])
def test_the_size_of_blocks_changes_nothing(reading, rows):
    features = _features(50, 4)
    plain = neighbourhood_similarity(features, 6, 9, reading)
    with patch("bitscape.supervision.neighbourhood.ROWS_PER_BLOCK", rows):
        assert (neighbourhood_similarity(features, 6, 9, reading) != plain).nnz == 0
