"""Which files below a folder are meant as photographs."""

import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

PICTURES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff"}
    # not read, but told of rather than left out without a word
    | {".gif", ".bmp", ".svg", ".heic", ".heif", ".avif", ".jp2", ".jxl"}
    | {".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".raf", ".rw2"}
)
MAGIC = re.compile(rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF....WEBP|II\*\x00|MM\x00\*|II\+\x00|MM\x00\+", re.DOTALL)
# A store that names files by their hash (a cache shared by several projects) may hold what a link points to.
STORED_BY_HASH = re.compile(r"/[0-9a-f]{2}/[0-9a-f]{30,}$")
# Control characters, undecodable bytes, and the two line separators of Unicode.
UNUSABLE = ("Cc", "Cs", "Zl", "Zp")


@dataclass
class Listing:
    """What a folder holds.

    Attributes:
        images: paths below the folder, with `/`, sorted.
        refused: for each picture that cannot be a photograph by its name or kind, the reason.
    """

    images: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def find(folder: Path, *, follow_links: bool = False) -> Listing:
    """List the pictures below a folder, at any depth.

    Hidden files, and files that are pictures neither by extension nor by content, are left out.

    Args:
        folder: where to look.
        follow_links: accept links to files anywhere; otherwise a link must stay within `folder`. Links to
            folders are always refused: they may run in circles.

    Returns:
        The pictures and the refusals; nothing of the content is decoded.
    """
    listing = Listing()

    def refuse_folder(error: OSError) -> None:
        name = os.path.relpath(error.filename, folder)
        if name != ".":
            listing.refused[printable(name)] = f"a folder that cannot be read: {error.strerror}"

    for path, name in _walk(folder, refuse_folder):
        reason = _objection(path, name, folder, follow_links)
        if reason is None:
            listing.images.append(name)
        elif reason:
            listing.refused[printable(name)] = reason
    listing.images.sort()
    return listing


def printable(name: str) -> str:
    """Escape what would break a line or an encoding, such as a line feed in a name."""
    return "".join(_escape(character) if _unusable(character) else character for character in name)


def _walk(folder: Path, refuse_folder: Callable[[OSError], None]) -> Iterator[tuple[Path, str]]:
    """Yield every file, and every link to a folder, that is not hidden: its path, and its name below `folder`."""
    for parent, folders, files in os.walk(folder, onerror=refuse_folder):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "__MACOSX"]
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        for name in files + links:
            if not name.startswith("."):
                path = Path(parent, name)
                yield path, path.relative_to(folder).as_posix()


def _objection(path: Path, name: str, folder: Path, follow_links: bool) -> str | None:
    """Say why a file is refused; None if it is not, an empty text if it is no picture at all."""
    try:
        return _judged(path, name, folder, follow_links)
    except (OSError, RuntimeError) as error:  # such as a link to itself, or into a folder that is closed
        told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return f"a link that cannot be followed: {told}" if os.path.islink(path) else f"cannot be read: {told}"


def _judged(path: Path, name: str, folder: Path, follow_links: bool) -> str | None:
    extension = PurePosixPath(name).suffix.lower()
    if path.is_symlink() and path.is_dir():
        return "a link to a folder; put the folder itself here"
    if extension not in PICTURES and (path.is_symlink() or not _looks_like_a_picture(path)):
        return ""
    if any(map(_unusable, name)):
        return "the name holds control characters or is not UTF-8; rename it"
    if path.is_symlink():
        target = path.resolve()
        inside = target.is_relative_to(folder.resolve()) or STORED_BY_HASH.search(target.as_posix())
        if not inside and not follow_links:
            return "a link that leaves the collection; put the file itself here"
    if not path.exists():
        return "a broken link"
    return None if path.is_file() else "not a regular file"


def _looks_like_a_picture(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return MAGIC.match(file.read(12)) is not None
    except OSError:
        return False


def _unusable(character: str) -> bool:
    return unicodedata.category(character) in UNUSABLE


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # how Python keeps a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
