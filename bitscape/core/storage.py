"""Files that appear whole or not at all."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bitscape.core.errors import BitscapeError
from bitscape.core.scratch import move, scratch, telling


@contextmanager
def publish(target: Path) -> Iterator[Path]:
    """Yield a scratch path beside `target`; move it onto `target` if the block succeeds.

    The block may create a file or a directory at the yielded path. Whatever stood at `target` is
    replaced only once the new content is complete; after an error nothing is left behind, and of a
    process that is killed nothing that is in the way of the next.

    Args:
        target: the file or directory to bring about. Parent directories are created.

    Yields:
        The scratch path, `.NAME.partial/NAME` in the same directory, so that the move is a rename. A
        second writer of the same target waits for the first.

    Raises:
        BitscapeError: if nothing can be written there, or if the block made a file and `target` is a
            directory, which may hold anything.
    """
    target = target if target.name not in ("", "..") else target.resolve()
    with scratch(target) as partial:
        yield partial
        if target.is_dir() and not target.is_symlink() and not partial.is_dir():
            raise BitscapeError(f"{target} is a folder, and a file is to be written; name a file in it.")
        with telling(target):
            move(partial, target)


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


@contextmanager
def reading(path: Path, stage: str = "") -> Iterator[None]:
    """Tell in one sentence that a file of the pipeline is missing or damaged, where the block cannot read it.

    Args:
        path: what the block reads, and nothing else.
        stage: that writes it, as DVC names it (`describe`, `train@dsah-16`); empty, the whole pipeline.

    Raises:
        BitscapeError: with the command that makes the file anew: DVC runs a stage again whose output was changed.
    """
    command = f"dvc repro {stage}".strip()
    try:
        yield
    except BitscapeError:
        raise
    except FileNotFoundError:
        raise BitscapeError(f"{path} is missing; run `{command}` to bring it about.") from None
    except Exception as error:  # each format has its own kinds of error, and all mean the same to the user
        told = " ".join(str(error).split())[:120] or type(error).__name__
        raise BitscapeError(f"{path} is damaged ({told}); run `{command}` to make it anew.") from None


def read_json(path: Path, stage: str = "") -> dict[str, Any]:
    """Read a JSON object; a missing or damaged file is told with the stage that writes it, see `reading`."""
    with reading(path, stage):
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError(f"it holds no JSON object but {type(content).__name__}")
        return content


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
