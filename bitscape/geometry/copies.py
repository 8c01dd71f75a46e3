"""Upright copies of photographs, in a form that COLMAP reads and with names that cannot break its lists."""

from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from PIL import ExifTags, Image

from bitscape.core.photograph import DAMAGED, open_photograph
from bitscape.core.progress import follow
from bitscape.core.storage import publish

QUALITY = 95  # of the JPEG copies, with full colour resolution: no visible blocks for SIFT to fire on
FOCAL_LENGTHS = (1.0, 5000.0)  # millimetres; outside, the tag is nonsense
CAMERA_TAGS = (ExifTags.Base.Make, ExifTags.Base.Model)
LENS_TAGS: dict[ExifTags.Base, Callable[[float], float]] = {  # and the type that EXIF stores them in
    ExifTags.Base.FocalLength: float,
    ExifTags.Base.FocalLengthIn35mmFilm: round,
}


def copy_name(index: int) -> str:
    """Name the copy of photograph `index`.

    >>> copy_name(12)
    '00000012.jpg'
    """
    return f"{index:08d}.jpg"


def copy_index(name: str) -> int:
    """Tell which photograph a copy shows: the inverse of `copy_name`."""
    return int(PurePosixPath(name).stem)


def write_copies(photographs: Iterable[tuple[int, Path]], folder: Path, size: int, total: int) -> list[str]:
    """Write copies no larger than `size`, turned upright, as JPEG; those that are there are kept.

    COLMAP works on the stored pixels and knows neither EXIF rotation nor every format that Pillow reads. The copies
    keep the tags that say which camera and focal length it was, from which COLMAP derives the focal length in pixels
    and which photographs share a camera.

    Args:
        photographs: index and file of each photograph.
        folder: where the copies go; created.
        size: pixels of the longer side at most.
        total: number of photographs, for the progress.

    Returns:
        The names of the copies, in the order of `photographs`.

    Raises:
        BitscapeError: a file is no longer the photograph that `prepare` found.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for index, path in follow(photographs, "copy photographs", total):
        names.append(copy_name(index))
        if (folder / names[-1]).exists():
            continue
        upright, tags = Image.fromarray(open_photograph(path)), camera_tags(path)
        upright.thumbnail((size, size), Image.Resampling.LANCZOS)
        with publish(folder / names[-1]) as partial:
            upright.save(partial, "JPEG", quality=QUALITY, subsampling=0, exif=tags)
    return names


def camera_tags(path: Path) -> Image.Exif:
    """Read which camera took a photograph and with which focal length.

    Args:
        path: the file.

    Returns:
        EXIF with make, model and focal lengths where the file has sensible ones, and nothing else: what depends on the
        number of pixels would be wrong for a smaller copy.
    """
    kept = Image.Exif()
    try:
        with Image.open(path) as photograph:
            exif = photograph.getexif()
            lens = exif.get_ifd(ExifTags.IFD.Exif)
    except DAMAGED:
        return kept  # the pixels may be whole all the same
    for tag in CAMERA_TAGS:
        if isinstance(exif.get(tag), str):
            kept[tag] = exif[tag].replace("\0", "").strip()
    focal = {int(tag): stored(float(lens[tag])) for tag, stored in LENS_TAGS.items() if _sensible(lens.get(tag))}
    if focal:
        kept.get_ifd(ExifTags.IFD.Exif).update(focal)
    return kept


def _sensible(millimetres: Any) -> bool:
    try:
        return FOCAL_LENGTHS[0] <= float(millimetres) <= FOCAL_LENGTHS[1]
    except (TypeError, ValueError, ZeroDivisionError):
        return False
