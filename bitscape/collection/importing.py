"""A folder of one's own pictures becomes the collection."""

import csv
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bitscape.collection.labels import check_images, read_labels
from bitscape.collection.listing import Listing, find
from bitscape.core.errors import BitscapeError
from bitscape.core.progress import follow
from bitscape.core.storage import remove


@dataclass(frozen=True)
class Source:
    """Pictures to import, and where their labels come from.

    Attributes:
        photos: the folder.
        labels: a `labels.csv` with paths relative to `photos`, or None.
        folders: whether the first folder below `photos` is the label of what it holds; not with `labels`.
    """

    photos: Path
    labels: Path | None = None
    folders: bool = False


def replace_collection(source: Source, data: Path, keep: Path | None = None) -> Listing:
    """Copy pictures and labels into a new `data/`, and put it in the place of the old one.

    The new folder is complete before the old one is touched; after an error the old one is as it was.
    Pictures are copied unread: the stage `prepare` refuses what is no photograph.

    Args:
        source: what to import.
        data: the folder of the collection.
        keep: where the old folder is moved; None removes it.

    Returns:
        What was copied, and what could not be, with the reason.

    Raises:
        BitscapeError: if there is nothing to import, it overlaps with `data`, the labels do not fit, `keep` is
            taken, or a file cannot be copied.
    """
    old, partial = data.with_name(f".{data.name}.old"), data.with_name(f".{data.name}.partial")
    if old.exists() and not data.exists():  # the machine stopped between the two renames of an earlier import
        old.rename(data)
    remove(old)
    _check_source(source, data, keep)
    listing = find(source.photos, follow_links=True)
    if not listing.images:
        raise BitscapeError(f"{source.photos} holds no pictures; give a folder with JPEG, PNG, WebP or TIFF files.")
    remove(partial)
    try:
        partial.mkdir(parents=True)
        _write_labels(source, listing.images, partial / "labels.csv")
        for name in follow(listing.images, "copy photographs", len(listing.images)):
            target = partial / "images" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source.photos / name, target)
        _swap(partial, data, keep or old)
    except OSError as error:
        raise BitscapeError(f"{error.filename} cannot be copied: {error.strerror}; nothing was changed.") from error
    finally:
        remove(partial)
    remove(old)
    return listing


def _swap(new: Path, data: Path, old: Path) -> None:
    """Put `new` where `data` is, and `data` where `old` says; or change nothing."""
    replaced = data.exists()
    if replaced:
        data.rename(old)
    try:
        new.rename(data)
    except OSError:
        if replaced:
            old.rename(data)
        raise


def _check_source(source: Source, data: Path, keep: Path | None) -> None:
    """Refuse what cannot be imported before anything is written."""
    if not source.photos.is_dir():
        kind = "is not a folder" if source.photos.exists() else "is missing"
        raise BitscapeError(f"{source.photos} {kind}; give the folder of the photographs.")
    photos, target = source.photos.resolve(), data.resolve()
    if photos.is_relative_to(target) or target.is_relative_to(photos):
        raise BitscapeError(f"{source.photos} and {data} overlap; put the photographs outside of the project.")
    if source.labels and source.folders:
        raise BitscapeError("--labels and --labels-from-folders exclude each other; give one of them.")
    if keep is not None and os.path.lexists(keep):
        raise BitscapeError(f"{keep} is in the way of the photographs that are in {data}; move or remove it.")


def _write_labels(source: Source, images: Sequence[str], target: Path) -> None:
    """Write `labels.csv` if the source has labels."""
    if source.labels:
        check_images(source.labels, read_labels(source.labels), images)
        shutil.copyfile(source.labels, target)
    elif source.folders:
        rows = [(image, image.partition("/")[0] if "/" in image else "") for image in images]
        _check_folders(sorted({folder for _, folder in rows}))
        if not any(label for _, label in rows):
            raise BitscapeError(f"{source.photos} has no folders to take labels from; leave --labels-from-folders out.")
        with target.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([("image", "labels"), *rows])


def _check_folders(folders: Sequence[str]) -> None:
    """Refuse names of folders that `labels.csv` would read as other labels than one for each."""
    known: dict[str, str] = {}
    for folder in folders:
        if ";" in folder:
            raise BitscapeError(
                f"The folder {folder!r} would be several labels, which `;` separates; rename it, or give --labels."
            )
        if known.setdefault(folder.strip(), folder) != folder:
            raise BitscapeError(f"The folders {known[folder.strip()]!r} and {folder!r} would be one label; rename one.")
