"""Whether codes are the signs of the real-valued codes beside them."""

import numpy as np
from numpy.typing import NDArray

from bitscape.hamming.codes import Codes, pack

NEAR_ZERO = 1e-3
"""Outputs below this may differ in sign between two ways of computing them, as sums are taken in another order."""


def same_signs(codes: Codes, outputs: NDArray[np.float32]) -> bool:
    """Tell whether codes are the signs of outputs, but for those near zero.

    Args:
        codes: (n, bits / 8) uint8.
        outputs: (n, bits) float32.
    """
    fresh = pack(outputs)
    if (codes.dtype, codes.shape) != (fresh.dtype, fresh.shape):
        return False
    rows = np.flatnonzero((codes != fresh).any(axis=1))
    differ = np.unpackbits(codes[rows] ^ fresh[rows], axis=1).astype(bool)
    filled = ((0, 0), (0, differ.shape[1] - outputs.shape[1]))  # of the last byte nothing else may differ
    sizes = np.pad(np.abs(outputs[rows]), filled, constant_values=np.inf)
    return bool((sizes[differ] < NEAR_ZERO).all())
