import numpy as np

from bitscape.networks.whitening import learned_whitening


def test_pairs_of_duplicates_alone_are_survived():
    features = np.ones((4, 3))
    _, projection = learned_whitening(features, np.array([0, 2]), np.array([1, 3]))
    assert np.isfinite(projection).all()


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
