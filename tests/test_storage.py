import json

import pytest

from bitscape.core.errors import BitscapeError
from bitscape.core.storage import publish, read_json, write_json


def _break_off(target):
    with publish(target) as partial:
        partial.write_text("half")
        raise OSError("No space left on device")


def test_a_file_appears_whole_or_the_old_one_stays(tmp_path):
    target = tmp_path / "deep" / "table.csv"
    with publish(target) as partial:
        partial.write_text("old")
    with pytest.raises(OSError, match="No space left"):
        _break_off(target)
    assert target.read_text() == "old"
    assert [path.name for path in target.parent.iterdir()] == ["table.csv"]


def test_a_folder_is_replaced_whole(tmp_path):
    target = tmp_path / "models"
    for name in ("a", "b"):
        with publish(target) as partial:
            partial.mkdir()
            (partial / name).touch()
    assert [path.name for path in target.iterdir()] == ["b"]


def test_a_folder_is_never_replaced_by_a_file(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").write_text("dear diary")
    with pytest.raises(BitscapeError, match="mine is a folder"), publish(tmp_path / "mine") as partial:
        partial.write_text("new")
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "diary.txt"]


def test_what_a_killed_run_left_is_in_nobodys_way(tmp_path):
    (tmp_path / ".models.partial").mkdir()
    (tmp_path / ".models.partial" / "half").touch()
    with publish(tmp_path / "models") as partial:
        partial.mkdir()
    assert list((tmp_path / "models").iterdir()) == []


def test_json_is_sorted_and_read_back(tmp_path):
    write_json(tmp_path / "a.json", {"b": 1, "a": [1.5]})
    assert list(json.loads((tmp_path / "a.json").read_text())) == ["a", "b"]
    assert read_json(tmp_path / "a.json") == {"a": [1.5], "b": 1}
    with pytest.raises(BitscapeError, match="dvc repro"):
        read_json(tmp_path / "b.json")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "is missing; run `dvc repro describe` to bring it about."),
        (b'{"half": ', "is damaged (Expecting value"),
        (b"\xff\xfe", "is damaged ('utf-8' codec"),
        (b"[1]", "is damaged (it holds no JSON object but list); run `dvc repro describe` to make it anew."),
    ],
)
def test_json_that_cannot_be_read_is_told_with_the_stage_that_writes_it(tmp_path, content, told):
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BitscapeError) as refused:
        read_json(path, "describe")
    assert str(refused.value).startswith(f"{path} {told}")
