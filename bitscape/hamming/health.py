"""What the codes themselves tell, before any query: whether the bits are used, and whether the codes have collapsed."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bitscape.hamming.codes import Codes, unpack

BLOCK = 1 << 16
"""Codes that are unpacked at once."""
COLLAPSED = 0.5
"""Codes have collapsed where more than this share of the items has one and the same code."""


class Health(NamedTuple):
    """The health of a set of codes.

    Attributes:
        distinct_share: number of distinct codes / number of items; 1 where no two items share a code.
        largest_share: share of the items that have the most frequent code.
        imbalance: mean over the bits of |mean of the bit as -1 and +1|; 0 is balanced, 1 is constant.
        correlation: mean over pairs of bits of |Pearson correlation|; 0 is best, and what a single bit has. A pair with
            a constant bit counts 1, as such a bit tells nothing that the other one does not.
    """

    distinct_share: float
    largest_share: float
    imbalance: float
    correlation: float

    @property
    def collapsed(self) -> bool:
        """Whether more than half of the items have one and the same code."""
        return self.largest_share > COLLAPSED


def health(codes: Codes, length: int | None = None) -> Health:
    """Measure the health of the codes of a database.

    Args:
        codes: (items, bits / 8) uint8, at least one row.
        length: bits of a code, where they do not fill the last byte.

    Returns:
        Four numbers in [0, 1].
    """
    sizes = _group_sizes(codes)
    width = codes.shape[1] * 8 if length is None else length
    total, products = np.zeros(width), np.zeros((width, width))
    for start in range(0, len(codes), BLOCK):
        signs = unpack(codes[start : start + BLOCK])[:, :length].astype(np.float32)
        total += signs.sum(axis=0)
        products += signs.T @ signs  # whole numbers of up to BLOCK, which float32 holds exactly
    mean = total / len(codes)
    return Health(
        distinct_share=len(sizes) / len(codes),
        largest_share=int(sizes.max()) / len(codes),
        imbalance=float(np.abs(mean).mean()),
        correlation=_mean_correlation(products / len(codes) - np.outer(mean, mean)),
    )


def _group_sizes(codes: Codes) -> NDArray[np.int64]:
    """How many items have each code that there is."""
    words = np.ascontiguousarray(np.pad(codes, ((0, 0), (0, -codes.shape[1] % 8)))).view(np.uint64)
    if words.shape[1] == 1:
        return np.unique(words, return_counts=True)[1]  # several times as fast as rows
    return np.unique(words, axis=0, return_counts=True)[1]


def _mean_correlation(covariance: NDArray[np.float64]) -> float:
    """Mean |correlation| off the diagonal, 1 for pairs with a constant bit; 0 where there is no pair."""
    deviation = np.sqrt(np.maximum(np.diag(covariance), 0))
    varies = deviation > 0
    scale = np.where(varies, deviation, 1.0)
    correlation = np.abs(covariance / np.outer(scale, scale))
    correlation[~varies, :] = 1.0
    correlation[:, ~varies] = 1.0
    pairs = ~np.eye(len(correlation), dtype=bool)
    return float(np.minimum(correlation[pairs], 1.0).mean()) if pairs.any() else 0.0
