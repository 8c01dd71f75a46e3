from pathlib import Path

import pytest

from bitscape.collection.labels import Label, check_images, read_labels
from bitscape.core.errors import BitscapeError


def write(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "labels.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_labels_are_sorted_trimmed_and_without_repeats(tmp_path: Path):
    path = write(tmp_path, "image,labels\na.jpg, tower;bridge;;tower \nb.jpg,\n\nc/d e.jpg,007\n")
    assert read_labels(path) == {
        "a.jpg": Label(("bridge", "tower")),
        "b.jpg": Label(),
        "c/d e.jpg": Label(("007",)),
    }


def test_optional_columns_in_any_order_and_others_ignored(tmp_path: Path):
    path = write(tmp_path, "group,landmark,photographer,split,image\nwalk 1,Dom,Ada,query_val,a.jpg\n,,,,b.jpg\n")
    assert read_labels(path) == {"a.jpg": Label((), "Dom", "query_val", "walk 1"), "b.jpg": Label()}


@pytest.mark.parametrize("prefix", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_byte_order_mark_and_line_ends_of_spreadsheets(tmp_path: Path, prefix: bytes, end: str):
    path = write(tmp_path, prefix + end.join(["image,labels", '"a, b.jpg",Café', ""]).encode())
    assert read_labels(path) == {"a, b.jpg": Label(("Café",))}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"no column `image` \(it is empty\); the first line must be image,labels"),
        ("file,labels\na.jpg,x\n", r"no column `image` \(it has file, labels\)"),
        ("image;labels\na.jpg;x\n", r"no column `image` \(it has image;labels\)"),
        ("image,lables\na.jpg,x\n", r"none of the columns labels, landmark, split, group beside `image`"),
        ("image,labels,labels\na.jpg,x,y\n", "has a column twice"),
        ("image,labels\na.jpg,x\na.jpg,y\n", r"line 3 names a\.jpg again"),
        ("image,labels\na.jpg,x,y\n", "line 2 has not as many fields as the header"),
        ("image,labels\na.jpg\n", "line 2 has not as many fields as the header"),
        ("image,labels\n", "has a header and no rows; give each photograph a row, or remove the file"),
        ("image,labels\n,x\n", "line 2 has an empty `image`"),
        ("image,split\na.jpg,test\n", r"line 2 has the split `test`; use train, database, query_val, query_test"),
        ('image,labels\n"a.jpg,x\n', "not a CSV file that can be read"),
        (b"image,labels\na.jpg,Caf\xe9\n", r"is not UTF-8 \(byte 22\); save it as CSV UTF-8"),
        (b"image,labels\n" + b"a.jpg,x\n" * 3000 + b"b.jpg,\xe9\n", r"is not UTF-8 \(byte 24019\)"),
        ("image,labels\n".encode("utf-16"), "is not UTF-8"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(tmp_path: Path, content: str | bytes, message: str):
    with pytest.raises(BitscapeError, match=message) as error:
        read_labels(write(tmp_path, content))
    assert "labels.csv" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_and_a_folder(tmp_path: Path):
    with pytest.raises(BitscapeError, match=r"none\.csv is missing"):
        read_labels(tmp_path / "none.csv")
    with pytest.raises(BitscapeError, match="is a folder"):
        read_labels(tmp_path)
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    with pytest.raises(BitscapeError, match=r"loop\.csv cannot be read: Too many levels of symbolic links; mend that"):
        read_labels(tmp_path / "loop.csv")


def test_images_that_are_not_there_are_counted_and_the_first_three_named():
    labels = {f"{name}.jpg": Label() for name in "fedcba"}
    with pytest.raises(BitscapeError, match=r"names 4 of 6 images .*: a\.jpg, b\.jpg, d\.jpg, \.\.\.; paths"):
        check_images(Path("labels.csv"), labels, ["c.jpg", "f.jpg", "unlabelled.jpg"])


def test_images_that_are_there_pass():
    assert check_images(Path("labels.csv"), {"a.jpg": Label()}, ["a.jpg", "b.jpg"]) is None
