import tracemalloc

import numpy as np

from bitscape.networks import whitening
from bitscape.networks.whitening import learned_whitening


def test_pairs_of_duplicates_alone_are_survived():
    features = np.ones((4, 3))
    _, projection = learned_whitening(features, np.array([0, 2]), np.array([1, 3]))
    assert np.isfinite(projection).all()


def test_the_differences_of_many_pairs_are_never_all_in_memory(monkeypatch):
    rng = np.random.default_rng(0)
    features, pairs = rng.standard_normal((500, 32)), rng.integers(0, 500, (2, 40_000))
    at_once = learned_whitening(features, *pairs)
    monkeypatch.setattr(whitening, "PAIRS_PER_BLOCK", 700)
    tracemalloc.start()
    in_blocks = learned_whitening(features, *pairs)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    for one, other in zip(in_blocks, at_once, strict=True):
        np.testing.assert_allclose(np.abs(one), np.abs(other), rtol=1e-7, atol=1e-9)
    assert peak < 40_000 * 32 * 8 / 4


def test_whitening_is_the_identity_on_differences_and_diagonal_on_all():
    rng = np.random.default_rng(0)
    features = rng.standard_normal((200, 6)) @ rng.standard_normal((6, 6))
    queries, positives = rng.permutation(200)[:150], rng.permutation(200)[:150]
    mean, projection = learned_whitening(features, queries, positives, shrinkage=0)
    differences = features[queries] - features[positives]
    within = differences.T @ differences / len(differences)
    np.testing.assert_allclose(projection @ within @ projection.T, np.eye(6), atol=1e-7)
    centred = features - mean
    covariance = projection @ (centred.T @ centred / 200) @ projection.T
    np.testing.assert_allclose(covariance - np.diag(np.diag(covariance)), 0, atol=1e-8)
    assert (np.diff(np.diag(covariance)) <= 0).all()
    np.testing.assert_allclose(mean, features[queries].mean(axis=0))
