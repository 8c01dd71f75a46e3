"""Whether something may be written at a place, before minutes are spent on it."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from bitscape.core.errors import BitscapeError
from bitscape.core.scratch import telling


def check_writable(target: Path) -> None:
    """Check that a file or a folder may be made at a place; nothing is left there.

    Raises:
        BitscapeError: if the folder that is to hold it is a file, or closed to the user.
    """
    there = next(parent for parent in target.absolute().parents if os.path.lexists(parent))
    with telling(target), tempfile.TemporaryFile(dir=there):  # os.access allows root what the system does not
        pass


def check_file(target: Path, inputs: Iterable[Path] = ()) -> None:
    """Check that a file may be written at a place.

    Args:
        target: the file.
        inputs: what must not be replaced by it.

    Raises:
        BitscapeError: if it is one of the inputs or a folder, or cannot be written.
    """
    if target.is_dir():
        raise BitscapeError(f"{target} is a folder, and a file is to be written; name a file in it.")
    if any(path.exists() and path.samefile(target) for path in inputs if target.exists()):
        raise BitscapeError(f"{target} is a photograph or another input, and would be replaced; name another file.")
    check_writable(target)
