import os
from pathlib import Path

import pytest

from bitscape.collection.listing import find, printable

JPEG = b"\xff\xd8\xff\xe0 the rest is not read here"


def put(folder: Path, *names: str, content: bytes = JPEG) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def test_names_are_sorted_nested_and_may_be_odd(tmp_path: Path):
    names = ["-rf.jpg", "a b.JPG", "b/c/d.webp", "b/éß漢.tiff", "q\"uo'te.png", "semi;colon,comma.jpeg", "Z.tif"]
    put(tmp_path, *names)
    assert find(tmp_path).images == sorted(names)
    assert find(tmp_path).refused == {}


def test_what_is_no_picture_is_left_out_without_a_word(tmp_path: Path):
    put(tmp_path, "a.jpg")
    put(tmp_path, ".DS_Store", "._a.jpg", ".hidden/b.jpg", "__MACOSX/a.jpg")
    put(tmp_path, "Thumbs.db", "labels.csv", "readme.md", "a.xmp", "noextension", content=b"text")
    listing = find(tmp_path)
    assert listing.images == ["a.jpg"]
    assert listing.refused == {}


@pytest.mark.parametrize("name", ["scan", "IMG_0001.JPG_original", "a.dat"])
@pytest.mark.parametrize("magic", [JPEG, b"\x89PNG\r\n\x1a\n", b"RIFF\x0a\x0a\x00\x00WEBPVP8 ", b"II*\0", b"MM\0*"])
def test_a_picture_is_told_by_its_content_too(tmp_path: Path, name: str, magic: bytes):
    put(tmp_path, name, content=magic)
    assert find(tmp_path).images == [name]


def test_a_picture_extension_is_listed_whatever_the_content(tmp_path: Path):
    put(tmp_path, "a.jpg", "b.HEIC", "c.gif", content=b"text")
    assert find(tmp_path).images == ["a.jpg", "b.HEIC", "c.gif"]


def test_links_must_stay_within_the_collection(tmp_path: Path):
    images, outside = tmp_path / "images", tmp_path / "outside"
    put(images, "a.jpg")
    put(outside, "b.jpg")
    (images / "in.jpg").symlink_to("a.jpg")
    (images / "out.jpg").symlink_to(outside / "b.jpg")
    (images / "broken.jpg").symlink_to("nowhere.jpg")
    (images / "folder").symlink_to(outside)
    listing = find(images)
    assert listing.images == ["a.jpg", "in.jpg"]
    assert listing.refused == {
        "out.jpg": "a link that leaves the collection; put the file itself here",
        "broken.jpg": "a broken link",
        "folder": "a link to a folder; put the folder itself here",
    }
    assert find(images, follow_links=True).images == ["a.jpg", "in.jpg", "out.jpg"]


def test_a_link_into_a_store_of_files_named_by_their_hash_is_the_file(tmp_path: Path):
    put(tmp_path, "cache/files/md5/ab/0123456789abcdef0123456789abcd")
    (tmp_path / "images").mkdir()
    (tmp_path / "images/a.jpg").symlink_to(tmp_path / "cache/files/md5/ab/0123456789abcdef0123456789abcd")
    assert find(tmp_path / "images").images == ["a.jpg"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"new\nline.jpg", "new\\x0aline.jpg"),
        (b"latin\xe91.jpg", "latin\\xe91.jpg"),
        ("para\u2029graph.jpg".encode(), "para\\u2029graph.jpg"),
    ],
)
def test_names_that_cannot_be_keys_are_refused(tmp_path: Path, name: bytes, shown: str):
    with open(os.fsencode(tmp_path) + b"/" + name, "wb") as file:
        file.write(JPEG)
    listing = find(tmp_path)
    assert listing.images == []
    assert listing.refused == {shown: "the name holds control characters or is not UTF-8; rename it"}


def test_a_pipe_does_not_hold_up_the_listing(tmp_path: Path):
    os.mkfifo(tmp_path / "a.jpg")
    os.mkfifo(tmp_path / "b")
    assert find(tmp_path).refused == {"a.jpg": "not a regular file"}


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    put(tmp_path, "a.jpg")
    monkeypatch.chdir(tmp_path)
    for _ in range(21):  # 21 x 200 characters: deeper than any path may be long
        os.mkdir("d" * 200)
        os.chdir("d" * 200)
    listing = find(tmp_path)
    assert listing.images == ["a.jpg"]
    assert list(listing.refused.values()) == ["a folder that cannot be read: File name too long"]
    assert find(tmp_path / "none").refused == {}


def test_printable_leaves_ordinary_names_alone():
    assert printable("Straße 7/ünïcode 漢字.jpg") == "Straße 7/ünïcode 漢字.jpg"


def test_a_link_that_loops_and_one_into_a_closed_folder_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    images = tmp_path / "images"
    put(images, "a.jpg")
    (images / "loop.jpg").symlink_to("loop.jpg")
    (images / "one.jpg").symlink_to("other.jpg")
    (images / "other.jpg").symlink_to("one.jpg")
    (images / "closed.jpg").symlink_to("a.jpg")
    ordinary = Path.resolve

    def resolve(path: Path, strict: bool = False) -> Path:
        if path.name == "closed.jpg":  # root may enter any folder
            raise PermissionError(13, "Permission denied", str(path))
        return ordinary(path, strict)

    monkeypatch.setattr(Path, "resolve", resolve)
    listing = find(images)
    assert listing.images == ["a.jpg"]
    assert sorted(listing.refused) == ["closed.jpg", "loop.jpg", "one.jpg", "other.jpg"]
    assert listing.refused["closed.jpg"] == "a link that cannot be followed: Permission denied"
    assert listing.refused["loop.jpg"].startswith("a link that cannot be followed: ")
