"""Reading files that somebody else wrote: whatever is wrong with one is one sentence."""

import lzma
import tokenize
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from bitscape.core.errors import BitscapeError

T = TypeVar("T")
DAMAGED = (
    *(OSError, ValueError, EOFError, LookupError, TypeError, AttributeError, SyntaxError, OverflowError, MemoryError),
    *(RuntimeError, BadZipFile, zlib.error, lzma.LZMAError, tokenize.TokenError),  # encrypted, deep, unknown to zipfile
)
"""What numpy, scipy and the zip files below them raise at content that is none."""


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read the arrays of `.npy` or `.npz` by name; a single one is called `codes`.

    Raises:
        BitscapeError: if there is no such file, or it holds something else.
    """

    def arrays(file: Path) -> dict[str, NDArray[Any]]:
        loaded = np.load(file, allow_pickle=False)
        return dict(loaded) if hasattr(loaded, "files") else {"codes": loaded}

    found = read(path, arrays, ".npy or .npz")
    return {"codes": next(iter(found.values()))} if len(found) == 1 else found


def read(path: Path, reader: Callable[[Path], T], kind: str) -> T:
    """Read a file.

    Args:
        path: which.
        reader: what reads it.
        kind: what it should be, for the sentence.

    Raises:
        BitscapeError: if there is no such file, or the reader cannot make anything of it.
    """
    try:
        return reader(path)
    except FileNotFoundError:
        raise BitscapeError(f"{path} does not exist.") from None
    except DAMAGED as error:
        # What numpy says of anything but its own files is of pickles, and goes on to advise loading them unsafely.
        reason = "it is none, or holds Python objects" if "allow_pickle" in str(error) else str(error)
        raise BitscapeError(f"{path} cannot be read as {kind} ({reason or type(error).__name__}).") from None


def read_text(path: Path) -> str:
    """Read a text in UTF-8, with or without the mark that Windows puts before it.

    Raises:
        BitscapeError: if there is no such file, or it is none.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BitscapeError(f"{path} does not exist.") from None
    except (UnicodeDecodeError, OSError):
        raise BitscapeError(f"{path} is no text file in UTF-8.") from None
