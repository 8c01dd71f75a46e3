"""Anyone's codes, labels and relevance lists, as files."""

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from bitscape.core.errors import BitscapeError
from bitscape.hamming.codes import Codes, code_bytes
from bitscape.hamming.junk import JUNK

T = TypeVar("T")
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
    arrays = _load(path)
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
        arrays = _load(path)
        labels = arrays.get("labels", arrays.get("codes"))
    else:
        lines = [[part.strip() for part in line.split(";")] for line in _text(path).splitlines()]
        single = all(len(line) == 1 for line in lines)
        labels = np.array([line[0] if single else None for line in lines], dtype=object)
        if not single:
            labels[:] = [[one for one in line if one] for line in lines]
    if labels is None or labels.ndim == 0 or len(labels) != rows:
        found = "none" if labels is None else len(labels) if labels.ndim else "a single number"
        raise BitscapeError(f"{path} must have {rows} labels, one for each code, and has {found}.")
    return labels


def read_relevance(path: Path, queries: int, items: int) -> dict[str, Any]:
    """Read what each query should find.

    Args:
        path: `.npz` of a scipy sparse matrix or `.npy` of grades, (queries, items), -1 for junk; or `.json`, a list for
            each query of places in the database, or an object with the lists `relevant` (or `easy` and `hard`) and
            `junk`.
        queries: how many there must be.
        items: size of the database.

    Returns:
        `grades` -> the sparse matrix, or the lists by their names, one for each query.

    Raises:
        BitscapeError: if it cannot be read, or is of other codes.
    """
    from scipy import sparse

    if path.suffix == ".json":
        return _lists(path, queries)
    read = sparse.load_npz if path.suffix == ".npz" else lambda file: np.load(file, allow_pickle=False)
    grades = _read(path, lambda file: sparse.csr_array(read(file)), "a matrix of grades")
    whole = np.isfinite(grades.data) & (grades.data >= JUNK) & (grades.data == np.trunc(grades.data))
    if not whole.all():
        raise BitscapeError(f"{path} holds grades that are no whole numbers of 0 or more, nor -1 for junk; give such.")
    if grades.shape != (queries, items):
        raise BitscapeError(
            f"{path} has the shape {grades.shape}, but there are {queries} queries and {items} codes in the database."
        )
    return {"grades": grades}


def _lists(path: Path, queries: int) -> dict[str, Any]:
    try:
        content = json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise BitscapeError(f"{path} is not valid JSON: {error}.") from None
    if not isinstance(content, list) or len(content) != queries:
        found = len(content) if isinstance(content, list) else type(content).__name__
        raise BitscapeError(f"{path} must be a list with an entry for each of the {queries} queries, not {found}.")
    entries = [one if isinstance(one, dict) else {"relevant": one} for one in content]
    for number, entry in enumerate(entries):
        for name, places in entry.items():
            if name not in ("relevant", "easy", "hard", "junk") or not (
                isinstance(places, list) and all(type(place) is int for place in places)
            ):
                raise BitscapeError(
                    f"{path}: entry {number}, `{name}`: an entry has lists of whole numbers named relevant, easy, hard "
                    "and junk."
                )
    names = {name for entry in entries for name in entry}
    return {name: [entry.get(name, []) for entry in entries] for name in sorted(names | {"junk"})}


def _bits(codes: NDArray[Any], path: Path) -> NDArray[np.bool_]:
    if codes.dtype.kind not in "biuf":
        raise BitscapeError(f"{path} holds {codes.dtype}; codes are {FORMS}.")
    least, most = codes.min(), codes.max()
    low = -1 if least < 0 else 0
    if least < -1 or most > 1 or not np.isin(codes, (low, 1)).all():
        zeros = "zeros beside -1 and +1" if low == -1 and np.isin(codes, (-1, 0, 1)).all() else "other numbers"
        raise BitscapeError(f"{path} holds {zeros}; codes are {FORMS}. Of real outputs save `outputs >= 0`.")
    bits: NDArray[np.bool_] = codes > 0
    return bits


def _load(path: Path) -> dict[str, NDArray[Any]]:
    """Read the arrays of a file by name; a single one is called `codes`."""

    def arrays(file: Path) -> dict[str, NDArray[Any]]:
        loaded = np.load(file, allow_pickle=False)
        return dict(loaded) if hasattr(loaded, "files") else {"codes": loaded}

    found = _read(path, arrays, ".npy or .npz")
    return {"codes": next(iter(found.values()))} if len(found) == 1 else found


def _read(path: Path, reader: Callable[[Path], T], kind: str) -> T:
    """Read a file; whatever is wrong with it is one sentence."""
    try:
        return reader(path)
    except FileNotFoundError:
        raise BitscapeError(f"{path} does not exist.") from None
    except (OSError, ValueError, EOFError, KeyError, TypeError, BadZipFile, zlib.error) as error:
        # What numpy says of pickles goes on to advise loading them unsafely.
        reason = "it holds Python objects" if "allow_pickle" in str(error) else str(error)
        raise BitscapeError(f"{path} cannot be read as {kind} ({reason}).") from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BitscapeError(f"{path} does not exist.") from None
    except (UnicodeDecodeError, OSError):
        raise BitscapeError(f"{path} is no text file in UTF-8.") from None
