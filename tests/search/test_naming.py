"""One name and several, and one file by several paths."""

import pytest

from bitscape.core.errors import BitscapeError
from tests.search.conftest import draw


def test_one_name_and_names_that_can_be_read_once_are_removed(bundle):
    before = list(bundle.images)
    bundle.remove(before[0])
    assert bundle.images == before[1:]
    bundle.remove(name for name in before[1:4])
    assert bundle.images == before[4:]
    with pytest.raises(BitscapeError, match=r"nobody\.png is not in the bundle"):
        bundle.remove("nobody.png")


@pytest.mark.parametrize("kind", [str, lambda path: path, lambda path: iter([path])])
def test_one_file_and_files_that_can_be_read_once_are_added(bundle, tmp_path, kind):
    draw(2, 77).save(tmp_path / "new.png")
    before = len(bundle.images)
    (name,) = bundle.add(kind(tmp_path / "new.png"))
    assert name.endswith("/new.png")
    assert len(bundle.images) == before + 1


def test_a_photograph_is_not_added_again_by_way_of_a_link(bundle, tmp_path):
    name = bundle.images[0]
    (tmp_path / "folder").symlink_to(bundle.photographs)
    (tmp_path / "one.png").symlink_to(bundle.photographs / name)
    for path in (tmp_path / "folder" / name, tmp_path / "one.png"):
        with pytest.raises(BitscapeError, match="is in the bundle already"):
            bundle.add(path)
    draw(2, 78).save(tmp_path / "new.png")
    (tmp_path / "same").symlink_to(tmp_path)
    with pytest.raises(BitscapeError, match="given twice"):
        bundle.add([tmp_path / "new.png", tmp_path / "same/new.png"])
