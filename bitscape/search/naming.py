"""Files as names in a bundle."""

import os
from collections.abc import Iterable
from pathlib import Path, PurePath

from bitscape.core.errors import BitscapeError

File = str | os.PathLike[str]


def several(files: File | Iterable[File]) -> list[Path]:
    """Give one file, or several, as a list: the characters of a path are no files."""
    return [Path(file) for file in ([files] if isinstance(files, str | os.PathLike) else files)]


def new_names(files: Iterable[Path], folder: Path, held: Iterable[str]) -> list[str]:
    """Name files by their paths from the folder of a bundle's photographs, with `/`.

    Args:
        files: their paths; links to folders are followed, so that one file has one name.
        folder: the photographs, without links.
        held: names in the bundle.

    Raises:
        BitscapeError: if one is there already, also as the file that a link names, or is given twice.
    """
    taken, names = set(held), []
    for file in files:
        name = _relative(file.parent.resolve() / file.name, folder)
        if {name, _relative(file.resolve(), folder)} & taken:
            raise BitscapeError(f"{name} is in the bundle already, or is given twice; remove it first.")
        taken |= {name}
        names.append(name)
    return names


def _relative(file: Path, folder: Path) -> str:
    return PurePath(os.path.relpath(file, folder)).as_posix()
