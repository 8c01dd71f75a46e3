"""The mirror in MLflow, against real SQLite stores, a real `mlflow ui` and a real dead address."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from bitscape.core.params import Params
from tasks import track
from tests.flows.servers import ask, background, free_port, until

PROJECT = Path(__file__).resolve().parents[2]
PARAMS = Params(methods=["lsh", "bcdh"], bits=[16, 32])
MD5 = "0123456789abcdef0123456789abcdef.dir"
EPOCHS = 450


def lock(root: Path, **changed: str) -> None:
    """Write the `dvc.lock` that DVC leaves behind, with another md5 for the named results."""
    stages = {
        f"{stage}@{method}-{bits}": {
            "cmd": f"exec python -m tasks.{stage} --method {method} --bits {bits}",
            "outs": [{"path": f"artifacts/{stage}/{method}-{bits}", "md5": changed.get(f"{method}_{bits}", "0" * 32)}],
        }
        for stage in ("train", "encode", "evaluate")
        for method in PARAMS.methods
        for bits in PARAMS.bits
    }
    (root / "dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": stages}))


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay out the files of four finished results, as docs/data-formats.md has them, and track them once."""
    root = tmp_path_factory.mktemp("tracked")
    (root / "params.yaml").write_text(yaml.safe_dump({"methods": PARAMS.methods, "bits": PARAMS.bits}))
    (root / "data.dvc").write_text(yaml.safe_dump({"outs": [{"md5": MD5, "path": "data"}]}))
    for folder in ("metrics", "plots/precision_recall", "reports/figures"):
        (root / folder).mkdir(parents=True)
    for method in PARAMS.methods:
        for bits in PARAMS.bits:
            name = f"{method}-{bits}"
            trained = root / "artifacts" / "train" / name
            trained.mkdir(parents=True)
            (trained / "weights.safetensors").write_bytes(b"weights of " + name.encode())
            if method == "bcdh":
                used = PARAMS.train.methods.bcdh.model_copy(update={"margin": 0.25 * bits}).model_dump()
                (trained / "selection.json").write_text(json.dumps({"parameters": used}))
            rows = ["epoch,loss,map_expected", "0,,0.1", *(f"{n},{1 / n},{n / EPOCHS}" for n in range(1, EPOCHS + 1))]
            (trained / "history.csv").write_text("\n".join(rows if method == "bcdh" else rows[:2]) + "\n")
            content = {"map_expected": bits / 100, "map_expected@5": 0.5, "definition": "expected over ties"}
            (root / "metrics" / f"{name}.json").write_text(json.dumps(content))
            (root / "plots" / "precision_recall" / f"{name}.csv").write_text("recall,precision\n0,1\n")
            (root / "reports" / "figures" / f"{name}.png").write_bytes(b"a picture")
    lock(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.chdir(root)
        track.run(PARAMS, root)
    return root


@pytest.fixture
def root(tracked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the tracked project that a test may change."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    copy = shutil.copytree(tracked, tmp_path / "project")
    monkeypatch.chdir(copy)
    return copy


def query(root: Path, sql: str) -> list[tuple[Any, ...]]:
    """Ask the store in SQL: what is read here has not gone through MLflow."""
    with closing(sqlite3.connect(root / "mlflow.db")) as store:
        return store.execute(sql).fetchall()


def runs(root: Path) -> list[tuple[Any, ...]]:
    return query(root, "SELECT name, run_uuid, status FROM runs WHERE lifecycle_stage = 'active' ORDER BY name")


def of_run(root: Path, name: str, table: str, columns: str) -> list[tuple[Any, ...]]:
    where = f"run_uuid = (SELECT run_uuid FROM runs WHERE name = '{name}')"
    return query(root, f"SELECT {columns} FROM {table} WHERE {where} ORDER BY {columns}")


def test_one_finished_run_for_each_result(tracked: Path) -> None:
    assert [(name, status) for name, _, status in runs(tracked)] == [
        (f"{method}-{bits}", "FINISHED") for method in ("bcdh", "lsh") for bits in (16, 32)
    ]
    assert not (tracked / "mlruns").exists()


def test_a_run_holds_the_parameters_of_its_method(tracked: Path) -> None:
    parameters = dict(of_run(tracked, "bcdh-32", "params", "key, value"))
    assert parameters["bits"] == "32"
    assert parameters["method"] == "bcdh"
    assert parameters["seed"] == str(PARAMS.seed)
    assert parameters["train.margin"] == "8.0"  # what the training used, whatever params.yaml says
    assert parameters["train.device"] == "auto"
    assert parameters["describe.backbone"] == PARAMS.describe.backbone
    assert parameters["relevance.source"] == "auto"
    assert "train.iterations" not in parameters  # of itq


def test_final_metrics_and_the_hash_of_the_collection(tracked: Path) -> None:
    latest = dict(of_run(tracked, "lsh-32", "latest_metrics", "key, value"))
    assert latest["map_expected"] == pytest.approx(0.32)
    assert latest["map_expected_at_5"] == pytest.approx(0.5)
    assert dict(of_run(tracked, "lsh-32", "tags", "key, value"))["data.md5"] == MD5
    assert query(tracked, "SELECT DISTINCT name, digest FROM datasets") == [("data", MD5)]
    assert query(tracked, "SELECT count(*) FROM inputs WHERE source_type = 'DATASET'") == [(4,)]


def test_curves_are_thinned_and_keep_their_end(tracked: Path) -> None:
    where = "run_uuid = (SELECT run_uuid FROM runs WHERE name = 'bcdh-16') AND key = 'training/map_expected'"
    curve = query(tracked, f"SELECT step, value FROM metrics WHERE {where} ORDER BY step")
    assert 100 < len(curve) <= 200
    assert curve[-1] == (EPOCHS, 1.0)
    assert all(value == pytest.approx(step / EPOCHS) for step, value in curve[1:])


def test_files_are_copied_into_the_project_s_own_folder(tracked: Path) -> None:
    ((_, run_id, _), *_) = runs(tracked)
    stored = {path.name: path.read_bytes() for path in (tracked / "mlartifacts").glob(f"{run_id}/artifacts/*")}
    assert stored["weights.safetensors"] == b"weights of bcdh-16"
    assert stored.keys() == {"weights.safetensors", "bcdh-16.png", "bcdh-16.csv"}


def test_a_second_time_creates_nothing_and_does_not_import_mlflow(root: Path) -> None:
    before = runs(root)
    script = "import sys; from pathlib import Path; from bitscape.core.params import load; from tasks import track;"
    script += "track.run(load(Path('params.yaml')), Path.cwd()); sys.exit('mlflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(PROJECT)}, timeout=60)
    assert done.returncode == 0
    assert runs(root) == before


def test_the_quick_check_missing_its_mark_creates_nothing_either(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = runs(root)
    monkeypatch.setattr(track, "_finished", lambda uri: set())
    track.run(PARAMS, root)
    assert runs(root) == before


def test_a_changed_result_becomes_a_run_of_its_own(root: Path) -> None:
    before = runs(root)
    lock(root, bcdh_32="f" * 32)
    track.run(PARAMS, root)
    assert set(before) < set(runs(root))
    assert [name for name, _, _ in runs(root)] == ["bcdh-16", "bcdh-32", "bcdh-32", "lsh-16", "lsh-32"]


def test_a_method_that_was_not_trained_has_a_run_that_says_why(root: Path) -> None:
    trained = root / "artifacts/train/bcdh-16"
    shutil.rmtree(trained)
    trained.mkdir()
    (trained / "untrained.txt").write_text("There is no 3D model.\n")
    (root / "metrics/bcdh-16.json").write_text("{}\n")
    (root / "mlflow.db").unlink()
    track.run(PARAMS, root)
    assert ("mlflow.note.content", "Not trained. There is no 3D model.") in of_run(
        root, "bcdh-16", "tags", "key, value"
    )
    assert of_run(root, "bcdh-16", "metrics", "key") == []
    assert not any(key == "mlflow.note.content" for key, _ in of_run(root, "lsh-16", "tags", "key, value"))


def test_an_unfinished_stage_is_not_tracked(root: Path) -> None:
    before = runs(root)
    lock(root, bcdh_32="f" * 32)
    (root / "metrics" / "bcdh-32.json").unlink()
    track.run(PARAMS, root)
    assert runs(root) == before


def test_a_run_broken_off_half_way_is_made_anew(root: Path) -> None:
    (victim, *others) = runs(root)
    with closing(sqlite3.connect(root / "mlflow.db")) as store, store:
        store.execute("UPDATE runs SET status = 'RUNNING' WHERE run_uuid = ?", (victim[1],))
    track.run(PARAMS, root)
    (mended, *same) = runs(root)
    assert (mended[0], mended[2]) == (victim[0], "FINISHED")
    assert mended[1] != victim[1]
    assert same == others


def test_two_at_once_create_nothing_twice(root: Path) -> None:
    lock(root, bcdh_32="e" * 32, lsh_16="e" * 32)
    command = [sys.executable, "-m", "tasks.track"]
    both = [subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(PROJECT)}) for _ in range(2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    assert len(runs(root)) == 4 + 2


@pytest.mark.parametrize("uri", ["http://127.0.0.1:{port}", "sqlite:////proc/no/such/folder/mlflow.db", "made-up://x"])
def test_mlflow_out_of_reach_is_a_warning(
    root: Path, uri: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri.format(port=free_port()))
    start = time.monotonic()
    track.run(PARAMS, root)
    told = capsys.readouterr().err
    assert time.monotonic() - start < 30
    assert told.startswith("track: warning: MLflow at ")
    assert told.count("\n") == 1


def test_a_server_that_never_answers_is_a_warning(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{mute.getsockname()[1]}")
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
        track.run(PARAMS, root)
    told = capsys.readouterr().err
    assert told.startswith("track: warning: MLflow at ")
    assert "Timeout" in told


def test_a_damaged_store_is_a_warning(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "mlflow.db").write_bytes(b"this is no database, whatever its name says" * 100)
    track.run(PARAMS, root)
    assert "file is not a database" in capsys.readouterr().err


@pytest.mark.slow  # the default suite asks the same UI whether it answers, and the store for the runs
def test_mlflow_ui_shows_the_runs(root: Path) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}/api/2.0/mlflow"
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", f"sqlite:///{root / 'mlflow.db'}"]
    command += ["--port", str(port), "--workers", "1"]
    with background(command, root, root / "ui.log", {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}):
        found = until(lambda: ask(f"{address}/experiments/get-by-name?experiment_name=bitscape"), 120)
        number = found["experiment"]["experiment_id"]
        listed = ask(f"{address}/runs/search", {"experiment_ids": [number]})
        assert sorted(one["info"]["run_name"] for one in listed["runs"]) == ["bcdh-16", "bcdh-32", "lsh-16", "lsh-32"]
