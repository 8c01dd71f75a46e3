"""`bitscape pairs` on a small collection whose pairs are known."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from bitscape.cli import app
from bitscape.geometry.pairs import COLUMNS
from bitscape.reporting.mined import Mined, choose_examples, count_by_model, example, read_mined
from bitscape.supervision.negatives import COLUMNS as NEGATIVES

COLOURS = [(200, 30, 30), (30, 160, 30), (30, 30, 200), (200, 160, 30), (90, 90, 90), (30, 160, 160)]
PAIRS = [(0, 1, 1, 40, 0.8, 1.2), (0, 2, 2, 20, 0.4, 1.1), (1, 0, 1, 40, 0.5, 1.2), (3, 4, 1, 0, 0.0, np.nan)]
HARD = [(0, 3, 1, 0.9), (1, 4, 1, 0.7), (3, 0, 1, 0.9)]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Photographs 0, 1, 2 in model 0, 3 and 4 in model 1, 5 in none, 6 is a query."""
    names = [f"place/{number}.png" for number in range(7)]
    for name, colour in zip(names, [*COLOURS, (0, 0, 0)], strict=True):
        path = tmp_path / "data/images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (80, 60), colour).save(path)
    collection = pd.DataFrame({"image": names, "split": ["train"] * 6 + ["query_test"], "labels": [[]] * 7})
    images = pd.DataFrame({"image": range(6), "model": [0, 0, 0, 1, 1, -1], "points": 50}).astype("int32")
    tables = {
        "prepare/collection": collection,
        "mine_pairs/images": images.assign(distractor=False, pool=True),
        "mine_pairs/positives": pd.DataFrame(PAIRS, columns=list(COLUMNS)).astype(COLUMNS),
        "mine_pairs/negatives": pd.DataFrame(HARD, columns=list(NEGATIVES)).astype(NEGATIVES),
    }
    for name, table in tables.items():
        path = tmp_path / "artifacts" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        table.to_parquet(path, index=False)
    return tmp_path


def pairs(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["pairs", *map(str, arguments)])
    return result.exit_code, result.output


def test_pairs_are_counted_by_model(project: Path) -> None:
    counts = count_by_model(read_mined(project))
    assert counts.drop(columns="shared_points").to_numpy().tolist() == [[3, 2, 3, 2], [2, 1, 1, 1]]
    assert counts["shared_points"].tolist() == [40, 0]
    status, told = pairs("--project", project)
    assert status == 0
    assert "6 training photographs, 1 of them in no model." in told


def test_an_example_tells_what_speaks_for_each_pair(project: Path) -> None:
    mined = read_mined(project)
    shown = example(mined, 0, most=1)
    assert shown.positives == [(1, "40 points, 80%, x1.2")]
    assert shown.negatives == [(3, "cosine 0.90")]
    assert shown.counts == (2, 1)
    assert example(mined, 3, 5).positives == [(4, "0 points, 0%")]
    assert example(mined, 2, 5).counts == (0, 0)


def test_examples_are_of_as_many_models_as_there_are(project: Path) -> None:
    mined = read_mined(project)
    models = mined.images.set_index("image")["model"]
    for seed in range(5):
        assert sorted(models[choose_examples(mined, 2, seed)]) == [0, 1]
    assert choose_examples(mined, 9, 0) == [0, 1, 3]


def test_the_sheet_shows_the_photographs_in_their_places(project: Path) -> None:
    assert pairs("--project", project, "--query", "place/0.png", "--query", "place/3.png")[0] == 0
    sheet = np.asarray(Image.open(project / "pairs.png").convert("RGB")).astype(int)

    def place(number: int) -> list[tuple[float, float]]:
        """Find the middles of the areas of one photograph's colour, by row of the sheet."""
        found = np.abs(sheet - COLOURS[number]).sum(axis=2) < 6
        halves = (found[: len(sheet) // 2], found[len(sheet) // 2 :])
        return [float(np.nonzero(half)[1].mean()) if half.sum() > 500 else -1 for half in halves]

    query, best, second, hardest = (place(number)[0] for number in (0, 1, 2, 3))
    assert 0 < query < best < second < hardest
    query, best, hardest = (place(number)[1] for number in (3, 4, 0))
    assert 0 < query < best < hardest
    assert place(5) == [-1, -1]
    before = (project / "pairs.png").read_bytes()
    pairs("--project", project, "--query", "place/0.png", "--query", "place/3.png")
    assert (project / "pairs.png").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("place/00.png", "there is no photograph place/00.png in the collection, did you mean place/0.png?"),
        ("place/6.png", "place/6.png is no training photograph, and pairs are mined from these alone."),
    ],
)
def test_a_photograph_that_cannot_be_shown_is_told_in_one_sentence(project: Path, name: str, told: str) -> None:
    status, output = pairs("--project", project, "--query", name)
    assert status == 1
    assert output.strip().endswith(f"bitscape: {told}")


def test_no_pair_at_all_is_told(project: Path) -> None:
    for name, columns in (("positives", COLUMNS), ("negatives", NEGATIVES)):
        nothing = pd.DataFrame(columns=list(columns)).astype(columns)
        nothing.to_parquet(project / f"artifacts/mine_pairs/{name}.parquet", index=False)
    status, output = pairs("--project", project)
    assert status == 1
    assert "there is no positive pair to draw" in output


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    ("damage", "told"),
    [(truncate, "damaged"), (lambda path: path.write_bytes(b"rubbish"), "damaged"), (Path.unlink, "missing")],
    ids=["truncated", "overwritten", "deleted"],
)
@pytest.mark.parametrize("name", ["prepare/collection", *(f"mine_pairs/{one}" for one in Mined._fields)])
def test_a_table_that_cannot_be_read_is_told_with_the_stage_that_makes_it_anew(project, name, damage, told) -> None:
    path = project / f"artifacts/{name}.parquet"
    damage(path)
    status, output = pairs("--project", project)
    assert status == 1
    assert len(output.splitlines()) == 1
    assert output.startswith(f"bitscape: {path} is {told}")
    assert f"; run `dvc repro {name.partition('/')[0]}` to " in output
    assert not (project / "pairs.png").exists()


def test_a_project_that_is_not_there_is_told_with_its_folder(tmp_path: Path) -> None:
    status, output = pairs("--project", tmp_path / "elsewhere")
    assert status == 1
    assert output.startswith(f"bitscape: {tmp_path / 'elsewhere'}/artifacts/prepare/collection.parquet is missing")
