from pathlib import Path

import numpy as np
import pytest

from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry.workspace import forget_others, mapping_folder, workspace

GIVEN = [(3, "a.jpg", "00"), (7, "b.jpg", "01")]
ROWS = np.eye(2, dtype=np.float32)


def test_the_same_inputs_have_the_same_folder(tmp_path: Path) -> None:
    folder = workspace(tmp_path, GIVEN, ROWS, Reconstruct(), 0)
    assert folder == workspace(tmp_path, list(GIVEN), ROWS.copy(), Reconstruct(), 0)
    assert folder.parent == tmp_path


@pytest.mark.parametrize(
    ("given", "rows", "settings", "seed"),
    [
        ([(3, "a.jpg", "00"), (7, "b.jpg", "02")], ROWS, {}, 0),
        ([(3, "a.jpg", "00"), (7, "c.jpg", "01")], ROWS, {}, 0),
        ([(3, "a.jpg", "00"), (8, "b.jpg", "01")], ROWS, {}, 0),
        (GIVEN[::-1], ROWS, {}, 0),
        (GIVEN, ROWS[::-1], {}, 0),
        (GIVEN, ROWS, {"max_features": 100}, 0),
        (GIVEN, ROWS, {"matches": 7}, 0),
        (GIVEN, ROWS, {"cameras": "each"}, 0),
        (GIVEN, ROWS, {}, 1),
    ],
)
def test_what_changes_matches_changes_the_folder(
    tmp_path: Path, given: list[tuple[int, str, str]], rows: np.ndarray, settings: dict[str, object], seed: int
) -> None:
    changed = workspace(tmp_path, given, rows, Reconstruct(**settings), seed)
    assert changed != workspace(tmp_path, GIVEN, ROWS, Reconstruct(), 0)


def test_another_mapper_finds_the_matches_and_not_the_models(tmp_path: Path) -> None:
    one, other = Reconstruct(), Reconstruct(mapper="global", outlier_ratio=3, burst_overlap=0.7, executor="tcp://a:1")
    work = workspace(tmp_path, GIVEN, ROWS, one, 0)
    assert work == workspace(tmp_path, GIVEN, ROWS, other, 0)
    assert mapping_folder(work, one) != mapping_folder(work, other)
    assert mapping_folder(work, one) == mapping_folder(work, Reconstruct(outlier_ratio=3, executor="tcp://a:1"))


def test_others_are_forgotten(tmp_path: Path) -> None:
    forget_others(tmp_path / "missing" / "x")
    for name in ("keep", "old", "log"):
        (tmp_path / name / "inside").mkdir(parents=True)
    (tmp_path / "file").touch()
    forget_others(tmp_path / "keep")
    assert [path.name for path in tmp_path.iterdir()] == ["keep"]
    assert (tmp_path / "keep/inside").is_dir()
