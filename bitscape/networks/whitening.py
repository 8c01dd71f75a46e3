"""Learned whitening, the start of a hash layer."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PAIRS_PER_BLOCK = 16_384  # 160 MiB of differences at 1,280 dimensions


def learned_whitening(
    features: Floats, queries: NDArray[np.int64], positives: NDArray[np.int64], shrinkage: float = 0.1
) -> tuple[Floats, Floats]:
    """Whiten the differences within positive pairs, then rotate to the principal axes of all features.

    Learned whitening of Radenovic et al. (specification of BCDH, 1.8.3): m is the mean of the query features,
    S = mean (x_q - x_p)(x_q - x_p)^T, S = C C^T, P = V^T C^-1 with V the eigenvectors, largest first, of the
    covariance of C^-1 (x - m). Their code adds a vanishing multiple of the identity until S can be factored. Few
    pairs leave most directions of S without any data, and their whitening would drown all others, so that here S is
    shrunk towards a multiple of the identity of the same trace; shrinkage 0 with enough pairs is their rule.

    Args:
        features: (n, D) of the training photographs.
        queries: (p,) rows that are queries of a pair.
        positives: (p,) rows that are their positives.
        shrinkage: weight of the identity, in [0, 1].

    Returns:
        The mean (D,) and the projection P (D, D), rows by falling variance.
    """
    mean, within = _moments(features, queries, positives)
    dimensions = len(within)
    scale = max(np.trace(within) / dimensions, 1e-12)  # pairs of duplicates differ in nothing
    within = (1 - shrinkage) * within + shrinkage * scale * np.eye(dimensions)
    inverse = np.linalg.inv(np.linalg.cholesky(within + 1e-10 * scale * np.eye(dimensions)))
    whitened = (features - mean) @ inverse.T
    _, axes = np.linalg.eigh(whitened.T @ whitened / len(whitened))
    return mean, axes[:, ::-1].T @ inverse


def _moments(features: Floats, queries: NDArray[np.int64], positives: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """The mean of the queries and that of the products of differences, without all differences at once."""
    total, scatter = np.zeros(features.shape[1]), np.zeros((features.shape[1], features.shape[1]))
    for start in range(0, len(queries), PAIRS_PER_BLOCK):
        block = features[queries[start : start + PAIRS_PER_BLOCK]]
        total += block.sum(axis=0)
        block -= features[positives[start : start + PAIRS_PER_BLOCK]]
        scatter += block.T @ block
    return total / len(queries), scatter / len(queries)
