"""`labels.csv`: what a photograph shows, and where its owner wants it."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bitscape.core.errors import BitscapeError
from bitscape.core.table import SPLITS

OPTIONAL = ("labels", "landmark", "split", "group")


@dataclass(frozen=True)
class Label:
    """One row of `labels.csv`; an image without a row has the defaults.

    Attributes:
        labels: sorted, without repeats.
        landmark: the one thing shown.
        split: where the photograph was put by hand.
        group: photographs of one group stay together.
    """

    labels: tuple[str, ...] = ()
    landmark: str | None = None
    split: str | None = None
    group: str | None = None


def read_labels(path: Path) -> dict[str, Label]:
    """Read and check `labels.csv`.

    Args:
        path: UTF-8, with or without a byte order mark; the columns of `docs/data-formats.md`, others are ignored.

    Returns:
        The label of each image that the file names.

    Raises:
        BitscapeError: for a missing column, a second row of an image, a row of the wrong length, an unknown
            split, or another encoding.
    """
    labels: dict[str, Label] = {}
    try:
        text = path.read_bytes().decode("utf-8-sig")
        rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        _check_header(path, rows.fieldnames or ())
        for row in rows:
            where = f"{path}, line {rows.line_num}"
            if None in row or None in row.values():
                raise BitscapeError(f"{where} has not as many fields as the header; quote fields with commas.")
            image = row["image"]
            if not image:
                raise BitscapeError(f"{where} has an empty `image`; name the photograph or remove the line.")
            if image in labels:
                raise BitscapeError(f"{where} names {image} again; give each image one row.")
            labels[image] = _label(row, where)
        if not labels:
            raise BitscapeError(f"{path} has a header and no rows; give each photograph a row, or remove the file.")
    except FileNotFoundError:
        raise BitscapeError(f"{path} is missing; give the path of a CSV file with the columns image,labels.") from None
    except IsADirectoryError:
        raise BitscapeError(f"{path} is a folder; give the path of a CSV file with the columns image,labels.") from None
    except OSError as error:
        raise BitscapeError(f"{path} cannot be read: {error.strerror}; mend that and run it again.") from None
    except UnicodeDecodeError as error:
        raise BitscapeError(f"{path} is not UTF-8 (byte {error.start}); save it as CSV UTF-8.") from None
    except csv.Error as error:
        raise BitscapeError(f"{path} is not a CSV file that can be read: {error}.") from None
    return labels


def check_images(path: Path, labels: Mapping[str, Label], known: Iterable[str]) -> None:
    """Check that every image which `labels.csv` names is there.

    Args:
        path: the file, for the message.
        labels: its rows.
        known: the images that are there, refused ones included.

    Raises:
        BitscapeError: naming the first three that are not.
    """
    missing = sorted(labels.keys() - set(known))
    if missing:
        first = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
        raise BitscapeError(
            f"{path} names {len(missing)} of {len(labels)} images that are not in the collection: {first}; "
            "paths are relative to the folder of the photographs, with `/`."
        )


def _check_header(path: Path, header: Iterable[str]) -> None:
    columns = list(header)
    if "image" not in columns:
        given = f"it has {', '.join(columns)}" if columns else "it is empty"
        raise BitscapeError(f"{path} has no column `image` ({given}); the first line must be image,labels.")
    if not set(columns) & set(OPTIONAL):
        raise BitscapeError(f"{path} has none of the columns {', '.join(OPTIONAL)} beside `image`; add `labels`.")
    if len(set(columns)) < len(columns):
        raise BitscapeError(f"{path} has a column twice ({', '.join(columns)}); keep one of them.")


def _label(row: Mapping[str, str], where: str) -> Label:
    split = row.get("split", "").strip() or None
    if split is not None and split not in SPLITS:
        raise BitscapeError(f"{where} has the split `{split}`; use {', '.join(SPLITS)}, or leave it empty.")
    labels = {label.strip() for label in row.get("labels", "").split(";")} - {""}
    landmark = row.get("landmark", "").strip() or None
    return Label(tuple(sorted(labels)), landmark, split, row.get("group", "").strip() or None)
