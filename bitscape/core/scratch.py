"""A folder of one writer's own beside what is written, and the move from there, which loses nothing when killed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from bitscape.core.errors import BitscapeError

LOCK = ".lock"
WAIT = 600  # seconds for another writer of the same target


@contextmanager
def scratch(target: Path) -> Iterator[Path]:
    """Yield the path at which one writer makes what is to stand at `target`; a second writer waits.

    What a killed writer left is removed first, but for what was complete and not yet at its place: it is moved there.

    Args:
        target: its folder is created.

    Yields:
        `.NAME.partial/NAME` beside it, so that a move is a rename.

    Raises:
        BitscapeError: if nothing can be written there, or another process is at it for ten minutes.
    """
    folder = target.parent / f".{target.name}.partial"
    new = folder / target.name
    with telling(target):
        lock = _alone(folder, target)
    try:
        _finish(new, target)
        _clear(folder)
        try:
            yield new
        finally:
            _finish(new, target)
            _clear(folder)
            (folder / LOCK).unlink()
            with suppress(OSError):  # the next writer is there already
                folder.rmdir()
    finally:
        lock.release()


@contextmanager
def telling(target: Path) -> Iterator[None]:
    """Tell in a sentence that the block, which does nothing else, could not write at `target`."""
    try:
        yield
    except OSError as error:
        raise BitscapeError(
            f"{target} cannot be written ({error.strerror or error}); mend that, or name another place."
        ) from None


def move(new: Path, target: Path) -> None:
    """Move what is complete to its place, by renames; a folder that stands there goes to where `_finish` finds it."""
    if new.is_dir() and target.is_dir() and not target.is_symlink():
        os.rename(target, _old(new))
    os.replace(new, target)


def _finish(new: Path, target: Path) -> None:
    """Finish a move that was stopped between its two renames: the new folder was complete, and the old one is away."""
    if _old(new).exists() and not os.path.lexists(target):
        os.rename(new if new.exists() else _old(new), target)


def _old(new: Path) -> Path:
    return new.with_name(f"{new.name}.old")


def _alone(folder: Path, target: Path) -> FileLock:
    """Make the folder and lock it."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    lock = FileLock(folder / LOCK)
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=WAIT)
        except FileNotFoundError:  # the writer before has just removed it
            continue
        except Timeout:
            raise BitscapeError(
                f"{target} is being written by another process; wait until that is done, or stop it."
            ) from None
        return lock


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != LOCK:
            path.unlink()
