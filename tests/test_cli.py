import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from bitscape.cli import app

ENVIRONMENT = {
    **os.environ,
    **{f"GIT_{role}_{what}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


def call(*command: str, where: Path) -> str:
    return subprocess.run(command, cwd=where, env=ENVIRONMENT, check=True, capture_output=True, text=True).stdout


def bitscape(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("template") / "project"
    project.mkdir()
    (project / "params.yaml").write_text("seed: 0\n")
    (project / ".gitignore").write_text("/data/\n")
    call("git", "init", "--quiet", where=project)
    call(sys.executable, "-m", "dvc", "init", "--quiet", where=project)
    call("git", "add", "--all", where=project)
    call("git", "commit", "--quiet", "--message", "start", where=project)
    return project


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "project"))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for scene in ("dom", "gate"):
        (tmp_path / "photos" / scene).mkdir(parents=True)
        for index in range(2):
            pixels = np.random.default_rng(index).integers(0, 256, (40, 40, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / scene / f"{index}.jpg")
    return tmp_path / "photos"


def test_import_tracks_and_the_old_collection_comes_back_as_told(project: Path, photos: Path):
    status, told = bitscape("import", photos, "--labels-from-folders", "--project", project)
    assert status == 0
    assert "4 pictures are the collection now, tracked by data.dvc." in told
    assert "Next: `dvc repro`" in told
    assert "nfiles: 5" in (project / "data.dvc").read_text()
    assert call("git", "status", "--short", where=project) == "?? data.dvc\n"
    call("git", "add", "data.dvc", where=project)
    call("git", "commit", "--quiet", "--message", "photographs", where=project)

    status, told = bitscape("import", photos / "gate", "--project", project)
    assert status == 0
    assert "comes back with `git checkout data.dvc && dvc checkout`" in told
    assert sorted(path.name for path in (project / "data/images").iterdir()) == ["0.jpg", "1.jpg"]
    assert not (project / "data/labels.csv").exists()

    call("git", "checkout", "--quiet", "data.dvc", where=project)
    call(sys.executable, "-m", "dvc", "checkout", "--quiet", where=project)
    assert len(list((project / "data/images").rglob("*.jpg"))) == 4


def test_a_collection_that_nobody_else_has_is_moved_not_deleted(project: Path, photos: Path):
    (project / "data/images").mkdir(parents=True)
    (project / "data/images/only.jpg").write_bytes(b"the only copy")
    (photos / "gone.jpg").symlink_to("nowhere.jpg")
    status, told = bitscape("import", photos, "--project", project)
    assert status == 0
    assert "it was moved to" in told
    assert "Left out: gone.jpg: a broken link." in told
    assert (project / "data.previous/images/only.jpg").read_bytes() == b"the only copy"

    status, told = bitscape("import", photos / "dom", "--project", project)  # data.dvc is not committed yet
    assert status == 1
    assert "data.previous is in the way" in told
    assert len(list((project / "data/images").rglob("*.jpg"))) == 4


def test_import_where_there_is_no_project(photos: Path, tmp_path: Path):
    status, told = bitscape("import", photos, "--project", tmp_path)
    assert status == 1
    assert told.strip() == (
        f"bitscape: {tmp_path} is not a Bitscape project (no params.yaml and .dvc); "
        "go to the project's folder, or name it with --project."
    )


def test_a_failing_dvc_is_told_and_the_photographs_are_there(project: Path, photos: Path):
    (project / ".dvc/config").write_text("[core\n")
    status, told = bitscape("import", photos, "--project", project)
    assert status == 1
    assert "data/ is complete, but `dvc add data` failed (" in told
    assert "Traceback" not in told
    assert len(list((project / "data/images").rglob("*.jpg"))) == 4


COMPARISON = "method,bits,map_expected,note,bit_imbalance\nlsh,16,0.51239,[a],0.25\nitq,64,0.87654,,10\nbcdh,64,,,\n"


def test_table_shows_the_columns_as_they_are_and_where_to_look(tmp_path: Path):
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/comparison.csv").write_text(COMPARISON)
    status, told = bitscape("table", "--project", tmp_path)
    assert status == 0
    words = told.replace("│", " ").replace("┃", " ").split()
    header = COMPARISON.split("\n")[0].split(",")
    assert [word for word in words if word in header] == header
    assert {"lsh", "16", "0.5124", "0.8765", "10.0000", "[a]", "bcdh"} <= set(words)
    assert f"mlflow ui --backend-store-uri sqlite:///{tmp_path / 'mlflow.db'}" in told
    assert "reports/index.html" in told


def test_the_best_of_each_column_is_bold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/comparison.csv").write_text(COMPARISON)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    _, told = bitscape("table", "--project", tmp_path)
    bold = [text for text in ("0.8765", "0.2500") if f"\x1b[1m{text}\x1b[0m" in told]
    assert bold == ["0.8765", "0.2500"]
    assert all(f"\x1b[1m{text}\x1b[0m" not in told for text in ("0.5124", "10.0000", "64", "16"))


def test_a_wide_table_is_told_by_code_length(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "reports").mkdir()
    metrics = [f"map_expected_at_{k}_over_min_rk" for k in range(10)]
    rows = [[method, bits, *("0.5" for _ in metrics)] for bits in ("16", "64") for method in ("lsh", "itq")]
    lines = [",".join(row) for row in [["method", "bits", *metrics], *rows]]
    (tmp_path / "reports/comparison.csv").write_text("\n".join(lines))
    monkeypatch.setenv("COLUMNS", "80")
    _, told = bitscape("table", "--project", tmp_path)
    drawn = [line for line in told.splitlines() if line[0] in "┏┃┡│└"]
    assert len(drawn) == 2 * (4 + len(metrics))
    assert max(map(len, drawn)) <= 80
    assert all(told.count(metric) == 2 for metric in metrics)
    assert told.index("16 bits") < told.index("64 bits")


def test_many_methods_on_a_narrow_terminal_are_told_by_their_first_metric(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "reports").mkdir()
    methods = [f"method{number}" for number in range(12)]
    metrics = ["map_expected", *(f"map_expected_at_{k}_over_min_rk" for k in range(4))]
    lines = [f"{method},{bits},0.{bits}{at},0.9,0.9,0.9,0.9" for at, method in enumerate(methods) for bits in (16, 64)]
    text = "\n".join([",".join(["method", "bits", *metrics]), *lines[:-1]])
    (tmp_path / "reports/comparison.csv").write_text(text)
    monkeypatch.setenv("COLUMNS", "80")
    _, told = bitscape("table", "--project", tmp_path)
    cells = [line.replace("│", " ").split() for line in told.splitlines() if line.startswith("│")]
    expected = [[m, f"{float(f'0.16{at}'):.4f}", f"{float(f'0.64{at}'):.4f}"] for at, m in enumerate(methods)]
    assert cells == [*expected[:-1], expected[-1][:2]]
    assert "map_expected_at_" not in told
    assert "reports/comparison.csv" in told


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "is missing; run `dvc repro`"),
        (b"", "is empty; run"),
        (b"\x00\xff", "is no text in UTF-8; run"),
        (b"method,bits,map_expected\nitq,16", "is no table of `method`, `bits` and metrics; run"),
        (b"a,b,c\n1,2,3", "is no table of `method`"),
    ],
)
def test_table_without_results(tmp_path: Path, content: bytes | None, message: str):
    if content is not None:
        (tmp_path / "reports").mkdir()
        (tmp_path / "reports/comparison.csv").write_bytes(content)
    status, told = bitscape("table", "--project", tmp_path)
    assert status == 1
    assert message in told
    assert told.startswith("bitscape: ")


def test_the_command_line_starts_without_heavy_imports():
    heavy = {"torch", "pandas", "pyarrow", "PIL", "scipy", "numpy"}
    code = f"import sys, bitscape.cli; print(sorted({heavy} & set(sys.modules)))"
    assert call(sys.executable, "-c", code, where=Path(__file__).parents[1]) == "[]\n"
