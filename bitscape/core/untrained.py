"""A method that the collection cannot train: the reason travels through the later stages instead of stopping them."""

import shutil
from pathlib import Path

from bitscape.core.storage import publish

NAME = "untrained.txt"


def write_reason(folder: Path, reason: str) -> None:
    """Publish `folder` with nothing in it but the reason."""
    with publish(folder) as partial:
        partial.mkdir()
        (partial / NAME).write_text(reason + "\n", encoding="utf-8")


def read_reason(folder: Path) -> str | None:
    """Give the reason why a method was not trained, or None where it was."""
    path = folder / NAME
    return path.read_text(encoding="utf-8").strip() if path.exists() else None


def pass_on(source: Path, target: Path) -> bool:
    """Copy the reason from one stage's folder to the next one's; False where the method was trained."""
    if read_reason(source) is None:
        return False
    with publish(target) as partial:
        partial.mkdir()
        shutil.copyfile(source / NAME, partial / NAME)
    return True
