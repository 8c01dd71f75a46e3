"""Reading a folder that another process may replace meanwhile."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bitscape.core.errors import BitscapeError

T = TypeVar("T")
TRIES = 50
PAUSE = 0.02  # seconds


def while_it_stands(folder: Path, read: Callable[[], T]) -> T:
    """Read a folder again if it was replaced while it was read: what was read may be of both.

    Args:
        folder: it is replaced as a whole, see `bitscape.core.storage.publish`.
        read: reads it.

    Raises:
        BitscapeError: of `read`, where the folder was not replaced, or again and again.
    """
    failed: BitscapeError | OSError = BitscapeError(f"{folder} is replaced again and again; stop what writes it.")
    for _ in range(TRIES):
        before = _seen(folder)
        try:
            result = read()
            if _seen(folder) == before:
                return result
        except (BitscapeError, OSError) as error:
            failed = error
            if _seen(folder) == before and not (before is None and _away(folder)):
                break
        time.sleep(PAUSE)
    if isinstance(failed, BitscapeError):
        raise failed
    raise BitscapeError(f"{folder} cannot be read ({failed.strerror or failed}); mend that, or name another.")


def _seen(folder: Path) -> tuple[int, int, int] | None:
    """Tell one folder from another at the same place; None if there is none."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_ctime_ns  # the number of a removed folder is used again


def _away(folder: Path) -> bool:
    """Tell whether it may be missing only between the two renames of a writer."""
    place = folder.resolve()
    return (place.parent / f".{place.name}.partial").is_dir()
