"""What the codes themselves tell, before any query: whether the bits are used, and whether the codes have collapsed."""

from typing import NamedTuple

import numpy as np

from bitscape.hamming.codes import Codes, unpack

COLLAPSED = 0.5
"""Codes have collapsed where more than this share of the items has one and the same code."""


class Health(NamedTuple):
    """The health of a set of codes.

    Attributes:
        distinct_share: number of distinct codes / number of items; 1 where no two items share a code.
        largest_share: share of the items that have the most frequent code.
        imbalance: mean over the bits of |mean of the bit as -1 and +1|; 0 is balanced, 1 is constant.
        correlation: mean over pairs of bits of |Pearson correlation|; 0 is best. A pair with a constant bit counts 1,
            as such a bit tells nothing that the other one does not.
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
    _, sizes = np.unique(codes, axis=0, return_counts=True)
    bits = unpack(codes)[:, :length].astype(np.float32)
    mean = bits.mean(axis=0, dtype=np.float64)
    return Health(
        distinct_share=len(sizes) / len(codes),
        largest_share=int(sizes.max()) / len(codes),
        imbalance=float(np.abs(mean).mean()),
        correlation=_mean_correlation(bits - mean.astype(np.float32)),
    )


def _mean_correlation(centred: np.ndarray) -> float:
    """Mean |correlation| off the diagonal of the columns of `centred`, 1 for pairs with a constant column."""
    covariance = (centred.T @ centred).astype(np.float64)
    deviation = np.sqrt(np.diag(covariance))
    varies = deviation > 1e-6 * np.sqrt(len(centred))
    scale = np.where(varies, deviation, 1.0)
    correlation = np.abs(covariance / np.outer(scale, scale))
    correlation[~varies, :] = 1.0
    correlation[:, ~varies] = 1.0
    pairs = ~np.eye(len(correlation), dtype=bool)
    return float(np.minimum(correlation[pairs], 1.0).mean())
