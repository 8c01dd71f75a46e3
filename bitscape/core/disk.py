"""Room on the disk: asked for before native code writes, which crashes for want of it, and missed in a sentence."""

import os
import shutil
from pathlib import Path
from typing import IO

from bitscape.core.errors import BitscapeError

SPARE = 32 << 20  # bytes that are always left
# How the system, SQLite and NumPy (which counts items "requested and ... written") say that nothing more goes in.
PHRASES = ("No space left on device", "Disk quota exceeded", "File too large", "disk is full", " requested and ")


def need(folder: Path, size: int) -> None:
    """Stop before the disk is full. COLMAP aborts on a full disk or writes half a file without a word.

    Args:
        folder: where something will be written.
        size: bytes, as estimated.

    Raises:
        BitscapeError: so much, and `SPARE`, is not free.
    """
    free = shutil.disk_usage(folder).free
    if free < size + SPARE:
        raise BitscapeError(
            f"the disk of {folder} has {free >> 20} MiB left and {size + SPARE >> 20} MiB are needed; make room and "
            "run it again: what was done is kept."
        )


def reserve(file: IO[bytes]) -> None:
    """Have the disk set aside what a sparse file claims: on a full disk, a write to its memory map kills the process.

    Args:
        file: open for writing, with its final length, such as a new memory map.

    Raises:
        OSError: there is not so much room.
    """
    os.posix_fallocate(file.fileno(), 0, os.fstat(file.fileno()).st_size)


def is_full(error: Exception) -> bool:
    """Tell whether an error, of whichever library, says that the disk is full."""
    return any(phrase in str(error) for phrase in PHRASES)
