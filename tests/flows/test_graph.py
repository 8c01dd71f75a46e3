from pathlib import Path

import pytest

from bitscape.core.errors import BitscapeError
from flows.graph import downstream, read_graph

NEEDS = {
    "data.dvc": set(),
    "first": {"data.dvc"},
    "left": {"first"},
    "right": {"first"},
    "join": {"left", "right"},
    "failing": {"first"},
    "behind": {"failing"},
    "far_behind": {"behind", "join"},
    "sleeping": {"data.dvc"},
    "each@x-8": {"first"},
    "each@y-8": {"first"},
}


def test_edges_are_those_of_dvc_yaml(toy: Path) -> None:
    stages = read_graph(toy)
    assert {name: set(stage.needs) for name, stage in stages.items()} == NEEDS
    assert list(stages) == sorted(NEEDS)


def test_names_do_not_depend_on_the_current_folder(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (toy / "elsewhere").mkdir()
    monkeypatch.chdir(toy / "elsewhere")
    assert set(read_graph(toy)) == set(NEEDS)


def test_only_a_dvc_file_has_data(toy: Path) -> None:
    assert {name: stage.data for name, stage in read_graph(toy).items() if stage.data} == {"data.dvc": ("data",)}


@pytest.mark.parametrize(
    ("targets", "kept"),
    [
        (["join"], {"data.dvc", "first", "left", "right", "join"}),
        (["each"], {"data.dvc", "first", "each@x-8", "each@y-8"}),
        (["each@y-8", "sleeping"], {"data.dvc", "first", "each@y-8", "sleeping"}),
        ([], set(NEEDS)),
    ],
)
def test_targets_bring_what_they_need(toy: Path, targets: list[str], kept: set[str]) -> None:
    assert set(read_graph(toy, targets)) == kept


def test_downstream_is_transitive(toy: Path) -> None:
    stages = read_graph(toy)
    assert downstream(stages, "failing") == {"behind", "far_behind"}
    assert downstream(stages, "left") == {"join", "far_behind"}
    assert downstream(stages, "sleeping") == set()


def test_unknown_target_is_told_with_those_there_are(toy: Path) -> None:
    with pytest.raises(BitscapeError, match=r"no stage `trian` in dvc.yaml; there are .*join, left"):
        read_graph(toy, ["trian"])


def test_no_project_and_broken_yaml_are_told_in_one_sentence(toy: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BitscapeError, match="not inside of a DVC repository"):
        read_graph(tmp_path / "empty")
    (toy / "dvc.yaml").write_text("stages: [")
    with pytest.raises(BitscapeError, match="DVC cannot read the stages"):
        read_graph(toy)
