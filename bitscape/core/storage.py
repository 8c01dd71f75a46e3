"""Files that appear whole or not at all."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bitscape.core.errors import BitscapeError


@contextmanager
def publish(target: Path) -> Iterator[Path]:
    """Yield a scratch path beside `target`; move it onto `target` if the block succeeds.

    The block may create a file or a directory at the yielded path. Whatever stood at `target` is
    replaced only once the new content is complete; after an error nothing is left behind.

    Args:
        target: the file or directory to bring about. Parent directories are created.

    Yields:
        The scratch path, `.NAME.partial` in the same directory, so that the move is a rename.

    Raises:
        BitscapeError: if the block made a file and `target` is a directory, which may hold anything.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    remove(partial)
    try:
        yield partial
        if target.is_dir() and not target.is_symlink():
            if not partial.is_dir():
                raise BitscapeError(f"{target} is a folder, and a file is to be written; name a file in it.")
            shutil.rmtree(target)
        os.replace(partial, target)
    finally:
        remove(partial)


def remove(path: Path) -> None:
    """Remove a file, a link or a whole directory, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write `content` as indented JSON with sorted keys, atomically."""
    with publish(path) as partial:
        partial.write_text(json.dumps(content, indent=2, sort_keys=True, default=_plain) + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object; a missing file is told as the stage that should have written it."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BitscapeError(f"{path} is missing; run `dvc repro` to bring it about.") from None


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
