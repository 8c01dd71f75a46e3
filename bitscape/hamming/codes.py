"""Binary codes: eight bits to a byte, in the order of `numpy.packbits`, which fills the last byte with zeros.

What fills it is the same in all codes of a length, so that it changes no distance.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bitscape.core.errors import BitscapeError

Codes = NDArray[np.uint8]
"""Packed codes, shape (rows, bits / 8), rounded up where `bits` is no multiple of 8."""


def code_bytes(bits: int) -> int:
    """Give the bytes that a packed code of some bits takes."""
    return -(-bits // 8)


def pack(outputs: ArrayLike) -> Codes:
    """Binarise the outputs of a hash function and pack them.

    A bit is 1 where the output is >= 0, so that the sign of 0 is +1.

    Args:
        outputs: (rows, bits) real numbers, or codes of -1 and +1.

    Returns:
        (rows, bits / 8) uint8, rounded up.

    Raises:
        BitscapeError: if the shape is another, or an output is not a number.

    >>> pack([[1, -1, 0, -2, -1, -1, -1, -1]])
    array([[160]], dtype=uint8)
    """
    values = np.asarray(outputs)
    if values.ndim != 2 or values.shape[1] == 0:
        raise BitscapeError(f"Outputs to pack must have the shape (rows, bits), not {values.shape}.")
    if values.dtype.kind == "f" and np.isnan(values).any():
        raise BitscapeError("The outputs to pack hold values that are not numbers (NaN); the training has diverged.")
    return np.packbits(values >= 0, axis=1)


def unpack(codes: Codes) -> NDArray[np.int8]:
    """Unpack codes to -1 and +1.

    Args:
        codes: (rows, bits / 8) uint8.

    Returns:
        (rows, 8 * bytes) int8; what fills the last byte is -1.

    Raises:
        BitscapeError: if these are no packed codes.
    """
    bits = np.unpackbits(validate(codes), axis=1)
    return bits.astype(np.int8) * 2 - 1


def validate(codes: ArrayLike, name: str = "codes") -> Codes:
    """Return `codes` as an array if they are packed codes.

    Args:
        codes: what should be (rows, bits / 8) uint8.
        name: what to call them in the error, such as the file.

    Raises:
        BitscapeError: if the type or the shape is another.
    """
    array = np.asarray(codes)
    if array.dtype != np.uint8 or array.ndim != 2 or array.shape[1] == 0:
        raise BitscapeError(
            f"{name} must be packed codes, uint8 of the shape (rows, bits / 8), not {array.dtype} {array.shape}; "
            "bitscape.hamming.codes.pack makes them."
        )
    return array
