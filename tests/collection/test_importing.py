import os
from pathlib import Path

import pytest

from bitscape.collection.importing import Source, replace_collection
from bitscape.core.errors import BitscapeError

JPEG = b"\xff\xd8\xff\xe0 copied unread"


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "dom/inside").mkdir(parents=True)
    for name in ("dom/a b.jpg", "dom/inside/ü.png", "top.webp"):
        (folder / name).write_bytes(JPEG + name.encode())
    for name in (".hidden.jpg", "notes.txt", "dom/Thumbs.db"):
        (folder / name).write_bytes(b"no picture")
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "project/data"
    (folder / "images").mkdir(parents=True)
    (folder / "images/old.jpg").write_bytes(JPEG)
    (folder / "images/old.jpg").chmod(0o444)  # as DVC leaves files that are linked to its cache
    (folder / "labels.csv").write_text("image,labels\nold.jpg,old\n")
    return folder


def test_pictures_are_copied_with_their_folders_and_nothing_else(photos: Path, data: Path):
    listing = replace_collection(Source(photos), data)
    names = ["dom/a b.jpg", "dom/inside/ü.png", "top.webp"]
    assert listing.images == names
    assert content(data) == {f"images/{name}": JPEG + name.encode() for name in names}
    assert [path.name for path in data.parent.iterdir()] == ["data"]
    assert (photos / "top.webp").exists()


def test_a_first_collection_needs_no_old_one(photos: Path, tmp_path: Path):
    replace_collection(Source(photos), tmp_path / "new/data")
    assert len(content(tmp_path / "new/data")) == 3


def test_labels_from_folders_are_the_first_folder(photos: Path, data: Path):
    replace_collection(Source(photos, folders=True), data)
    assert (data / "labels.csv").read_text(encoding="utf-8") == (
        "image,labels\ndom/a b.jpg,dom\ndom/inside/ü.png,dom\ntop.webp,\n"
    )


def test_given_labels_are_kept_as_they_are(photos: Path, data: Path, tmp_path: Path):
    labels = tmp_path / "mine.csv"
    labels.write_bytes(b"\xef\xbb\xbfimage,labels,group\r\ntop.webp,x;y,walk\r\n")
    replace_collection(Source(photos, labels=labels), data)
    assert (data / "labels.csv").read_bytes() == labels.read_bytes()


def test_the_old_collection_is_kept_where_it_is_wanted(photos: Path, data: Path):
    old = content(data)
    keep = data.with_name("data.previous")
    replace_collection(Source(photos), data, keep)
    assert content(keep) == old
    with pytest.raises(BitscapeError, match=r"data\.previous is in the way"):
        replace_collection(Source(photos), data, keep)
    assert content(keep) == old


def test_links_are_copied_as_files(photos: Path, data: Path, tmp_path: Path):
    (tmp_path / "elsewhere.jpg").write_bytes(JPEG)
    (photos / "link.jpg").symlink_to(tmp_path / "elsewhere.jpg")
    (photos / "broken.jpg").symlink_to("nowhere")
    listing = replace_collection(Source(photos), data)
    assert listing.refused == {"broken.jpg": "a broken link"}
    assert not (data / "images/link.jpg").is_symlink()
    assert (data / "images/link.jpg").read_bytes() == JPEG


def wrong_sources(photos: Path, data: Path) -> dict[str, tuple[Source, str]]:
    bad = photos.parent / "bad.csv"
    bad.write_text("image,labels\nnone.jpg,x\n")
    empty = photos.parent / "empty"
    empty.mkdir()
    for name in ("several/Rock; Paper", "blanks/A", "blanks/A "):
        (photos.parent / name).mkdir(parents=True)
        (photos.parent / name / "a.png").write_bytes((photos / "top.webp").read_bytes())
    return {
        "missing": (Source(photos / "nope"), "nope is missing"),
        "a file": (Source(photos / "top.webp"), r"top\.webp is not a folder"),
        "empty": (Source(empty), "empty holds no pictures"),
        "itself": (Source(data), "overlap"),
        "inside": (Source(data / "images"), "overlap"),
        "around": (Source(data.parent), "overlap"),
        "labels": (Source(photos, labels=bad), r"bad\.csv names 1 of 1 images that are not .*: none\.jpg;"),
        "both": (Source(photos, labels=bad, folders=True), "exclude each other"),
        "flat": (Source(photos / "dom/inside", folders=True), "no folders to take labels from"),
        "several": (
            Source(photos.parent / "several", folders=True),
            "The folder 'Rock; Paper' would be several labels",
        ),
        "blanks": (Source(photos.parent / "blanks", folders=True), "The folders 'A' and 'A ' would be one label"),
    }


@pytest.mark.parametrize(
    "name", ["missing", "a file", "empty", "itself", "inside", "around", "labels", "both", "flat", "several", "blanks"]
)
def test_a_mistake_changes_nothing(photos: Path, data: Path, name: str):
    old = content(data)
    source, message = wrong_sources(photos, data)[name]
    with pytest.raises(BitscapeError, match=message):
        replace_collection(source, data)
    assert content(data) == old
    assert [path.name for path in data.parent.iterdir()] == ["data"]


def test_a_failure_half_way_loses_nothing(photos: Path, data: Path):
    old = content(data)
    # A path just short enough to be read is too long to be copied: the last of four pictures fails.
    longest = os.pathconf(photos, "PC_PATH_MAX") - 1
    folder = photos / "z"
    folder.mkdir()
    while (room := longest - len(os.fsencode(folder)) - len("/z.jpg")) > 1:
        folder = folder / ("z" * min(200, room - 1))
        folder.mkdir()
    (folder / "z.jpg").write_bytes(JPEG)
    with pytest.raises(BitscapeError, match="cannot be copied: File name too long; nothing was changed"):
        replace_collection(Source(photos), data)
    assert content(data) == old
    assert [path.name for path in data.parent.iterdir()] == ["data"]


def test_a_collection_left_between_two_renames_is_put_back(photos: Path, data: Path):
    old = content(data)
    data.rename(data.with_name(".data.old"))
    with pytest.raises(BitscapeError, match="is missing"):
        replace_collection(Source(photos / "nope"), data)
    assert content(data) == old
