"""Files that were there a moment ago, in every stage that opens photographs."""

import csv
import os
from pathlib import Path

import pandas as pd
import pytest

from bitscape.core.errors import BitscapeError
from tasks import prepare, reconstruct
from tests.pile.conftest import Pile
from tests.pile.hostile import texture
from tests.pile.stages import run, write_params
from tests.tasks.test_reconstruct import write_project

NAMES = [f"{number}.png" for number in range(8)]
SPLITS = ["train"] * 5 + ["database", "query_val", "query_test"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "data/images").mkdir(parents=True)
    for number, name in enumerate(NAMES):
        texture(number, (120, 90)).save(tmp_path / "data/images" / name)
    write_params(tmp_path)
    return tmp_path


def test_between_the_listing_and_the_reading_it_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texture(9, (120, 90)).save(root / "data/images/gone.png")
    whole = prepare.find

    def find_and_lose(folder: Path) -> object:
        listing = whole(folder)
        (folder / "gone.png").unlink()
        return listing

    monkeypatch.setattr(prepare, "find", find_and_lose)
    run(root, "prepare")
    assert pd.read_parquet(root / "artifacts/prepare/collection.parquet")["image"].tolist() == NAMES
    with (root / "artifacts/prepare/refused.csv").open(newline="") as file:
        refused = {row["image"]: row["reason"] for row in csv.DictReader(file)}
    assert refused == {"gone.png": "cannot be read: No such file or directory"}


@pytest.mark.parametrize("instead", ["nothing", "a pipe", "a folder", "rubbish"])
def test_before_reconstruct_it_is_named_and_a_rerun_goes_on(root: Path, instead: str) -> None:
    write_project(root, NAMES, SPLITS)
    path = root / "data/images/3.png"
    content = path.read_bytes()
    path.unlink()
    if instead == "a pipe":
        os.mkfifo(path)
    elif instead == "a folder":
        path.mkdir()
    elif instead == "rubbish":
        path.write_bytes(content[:100])
    with pytest.raises(BitscapeError, match=r"data/images/3\.png .*; mend or replace it"):
        run(root, "reconstruct")
    assert not (root / "artifacts/reconstruct").exists()
    kept = sorted(root.glob(".scratch/reconstruct/*/photographs/*.jpg"))
    assert kept
    times = [copy.stat().st_mtime_ns for copy in kept]
    if instead == "a folder":
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
    path.write_bytes(content)
    again = []
    whole = reconstruct.write_copies
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            reconstruct,
            "write_copies",
            lambda *given: [whole(*given), again.extend(copy.stat().st_mtime_ns for copy in kept)][0],
        )
        assert "no 3D model" in run(root, "reconstruct")
    assert again == times


def test_during_reconstruct_its_copy_is_enough(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(root, NAMES, SPLITS)
    whole = reconstruct.extract

    def lose_and_extract(*given: object) -> None:
        for name in NAMES:
            (root / "data/images" / name).unlink()
        whole(*given)

    monkeypatch.setattr(reconstruct, "extract", lose_and_extract)
    assert "no 3D model" in run(root, "reconstruct")
    assert (root / "artifacts/reconstruct/registrations.json").is_file()


def test_a_query_that_is_gone_is_named_by_relevance_and_earlier_results_stay(pile: Pile) -> None:
    path, away = pile.root / "data/images/5.jpg", pile.root / "away"
    earlier = (pile.root / "artifacts/relevance/query_val.npz").read_bytes()
    path.rename(away)
    try:
        with pytest.raises(BitscapeError, match=r"data/images/5\.jpg .*: cannot be read: No such file"):
            run(pile.root, "relevance")
    finally:
        away.rename(path)
    assert (pile.root / "artifacts/relevance/query_val.npz").read_bytes() == earlier
