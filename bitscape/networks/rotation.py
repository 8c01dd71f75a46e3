"""A rotation that brings vectors near to codes, as ITQ finds it."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def quantising_rotation(vectors: Floats, bits: int, rng: np.random.Generator, iterations: int = 50) -> Floats:
    """Turn vectors so that they lie near the corners of a cube: the alternation of ITQ (Gong and Lazebnik 2011).

    From a random start, codes are the signs of the turned vectors, and the rotation is the orthogonal matrix that
    brings the vectors nearest to those codes (Procrustes). Neither step lets the distance grow.

    Args:
        vectors: (n, k) centred, k at most `bits`.
        bits: B.
        rng: draws the start.
        iterations: of both steps; 0 gives the random start.

    Returns:
        R (B, k) with orthonormal columns; the turned vectors are `vectors @ R.T`.
    """
    rotation: Floats = np.linalg.qr(rng.standard_normal((bits, vectors.shape[1])))[0]
    for _ in range(iterations):
        codes = np.where(vectors @ rotation.T >= 0, 1.0, -1.0)
        left, _, right = np.linalg.svd(codes.T @ vectors, full_matrices=False)
        rotation = left @ right
    return rotation
