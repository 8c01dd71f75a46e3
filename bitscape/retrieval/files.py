"""Anyone's codes and labels, as files."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bitscape.core.errors import BitscapeError
from bitscape.hamming.codes import Codes, code_bytes
from bitscape.retrieval.reading import load_arrays, read_text

FORMS = "packed bytes (uint8), -1 and +1, or 0 and 1"


class Coded(NamedTuple):
    """Codes of a file.

    Attributes:
        codes: (rows, bytes) uint8, packed, zeros after the last bit.
        bits: code length.
        labels: (rows,) one label each, (rows, classes) of 0 and 1, or None where the file has none.
    """

    codes: Codes
    bits: int
    labels: NDArray[Any] | None


def read_codes(path: Path, bits: int | None = None) -> Coded:
    """Read codes of `.npy`, or of `.npz` with the arrays `codes` and, optionally, `labels`.

    Numbers of uint8 that are all 0 or 1 are bits, others are packed bytes in the order of `numpy.packbits`.

    Args:
        path: the file; the codes are (rows, bits), packed (rows, bits / 8 rounded up).
        bits: code length; packed codes are whole bytes without it.

    Returns:
        The codes, packed.

    Raises:
        BitscapeError: if the file cannot be read, or holds no codes.
    """
    arrays = load_arrays(path)
    if "codes" not in arrays:
        raise BitscapeError(f"{path} has the arrays {', '.join(arrays)}; name the one with the codes `codes`.")
    codes, labels = arrays["codes"], arrays.get("labels")
    if codes.ndim != 2 or codes.size == 0:
        raise BitscapeError(f"{path} has codes of the shape {codes.shape}; they must be (rows, bits), one row or more.")
    if labels is not None and (labels.ndim == 0 or len(labels) != len(codes)):
        found = len(labels) if labels.ndim else "a single number as"
        raise BitscapeError(f"{path} has {len(codes)} codes and {found} labels; each code needs one.")
    width = codes.shape[1]
    packed = codes.dtype == np.uint8 and width == code_bytes(bits or 0) != bits
    if codes.dtype == np.uint8 and (codes.max() > 1 or packed):
        codes, length = np.ascontiguousarray(codes), bits or width * 8
        if code_bytes(length) != width:
            raise BitscapeError(
                f"{path} has packed codes of {width} bytes, and {length} bits take {code_bytes(length)}."
            )
        if np.unpackbits(codes, axis=1)[:, length:].any():
            raise BitscapeError(f"{path} has packed codes with ones after their first {length} bits.")
        return Coded(codes, length, labels)
    if bits not in (None, width):
        raise BitscapeError(f"{path} has codes of {width} bits, not of {bits}.")
    return Coded(np.packbits(_bits(codes, path), axis=1), width, labels)


def read_labels(path: Path, rows: int) -> NDArray[Any]:
    """Read labels of `.npy` or `.npz` (array `labels`), or of a text file with a line for each code.

    Args:
        path: the file; in a text file several labels of a line are separated by `;`.
        rows: how many there must be.

    Returns:
        (rows,) one label each; lists of strings where a line of text has several.

    Raises:
        BitscapeError: if it cannot be read, or has another number of rows.
    """
    if path.suffix in (".npy", ".npz"):
        arrays = load_arrays(path)
        if "labels" not in arrays and len(arrays) > 1:
            raise BitscapeError(f"{path} has the arrays {', '.join(arrays)}; name the one with the labels `labels`.")
        labels = arrays.get("labels", next(iter(arrays.values()), None))
    else:
        lines = [[part.strip() for part in line.split(";")] for line in read_text(path).splitlines()]
        single = all(len(line) == 1 for line in lines)
        labels = np.array([line[0] if single else None for line in lines], dtype=object)
        if not single:
            labels[:] = [[one for one in line if one] for line in lines]
    if labels is None or labels.ndim == 0 or len(labels) != rows:
        found = "none" if labels is None else len(labels) if labels.ndim else "a single number"
        raise BitscapeError(f"{path} must have {rows} labels, one for each code, and has {found}.")
    return labels


def _bits(codes: NDArray[Any], path: Path) -> NDArray[np.bool_]:
    if codes.dtype.kind not in "biuf":
        raise BitscapeError(f"{path} holds {codes.dtype}; codes are {FORMS}.")
    least, most = codes.min(), codes.max()
    low = -1 if least < 0 else 0
    if least < -1 or most > 1 or not np.isin(codes, (low, 1)).all():
        zeros = "zeros beside -1 and +1" if low == -1 and np.isin(codes, (-1, 0, 1)).all() else "other numbers"
        mend = "Of real outputs save `outputs >= 0`."
        if codes.dtype.kind in "iu" and least >= 0 and most <= 255:
            mend = f"Packed bytes must be of the type uint8, not {codes.dtype}: save `codes.astype(numpy.uint8)`."
        raise BitscapeError(f"{path} holds {zeros}; codes are {FORMS}. {mend}")
    bits: NDArray[np.bool_] = codes > 0
    return bits
