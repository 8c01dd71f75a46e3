"""`bitscape doctor` on this machine, and on machines where something is wrong."""

import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from typer.testing import CliRunner

from bitscape.cli import app
from bitscape.core.params import load
from bitscape.doctor import installation, project, services
from tests.flows.servers import free_port

SOURCE = Path(__file__).parents[2]
Environment = dict[str, str]


def doctor(root: Path, env: Environment | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bitscape.cli", "doctor", "--project", str(root)],
        cwd=SOURCE, env={**os.environ, "COLUMNS": "200", **(env or {})}, capture_output=True, text=True,
    )  # fmt: skip


def words(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """The state and what is told of each subject, in one line."""
    told: dict[str, str] = {}
    first, *_ = lines = done.stdout.splitlines()
    column, subject = first.index("ok"), ""
    for line in lines:
        subject = line[:column].strip() or subject
        told[subject] = " ".join([told.get(subject, ""), *line[column:].split()]).strip()
    return told


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with parameters, the lock and one photograph."""
    for name in ("params.yaml", "requirements.txt"):
        shutil.copy(SOURCE / name, tmp_path)
    (tmp_path / "data/images").mkdir(parents=True)
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(tmp_path / "data/images/a.png")
    return tmp_path


def change(root: Path, **changes: object) -> None:
    """Change `weights` of sections named by their path."""
    params = yaml.safe_load((root / "params.yaml").read_text())
    for name, values in changes.items():
        section = params
        for part in name.split("__"):
            section = section[part]
        section.update(values)
    (root / "params.yaml").write_text(yaml.safe_dump(params))


def test_where_all_is_there_nothing_is_in_the_way(root: Path) -> None:
    done = doctor(root)
    told = words(done)
    assert done.returncode == 0, done.stdout + done.stderr
    assert told["torch"].startswith(f"ok {version('torch').partition('+')[0]}")
    for name in ("faiss", "pycolmap", "open3d", "Python", "packages", "commands", "params.yaml"):
        assert told[name].startswith("ok"), told
    assert told["photographs"].startswith("ok 1 pictures")
    assert done.stdout.splitlines()[-1] == "Nothing is in the way."


def test_libraries_that_do_not_load_are_told_with_what_mends_them(root: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "open3d.py").write_text("raise OSError('libGL.so.1: cannot open shared object file')")
    (broken / "pycolmap.py").write_text("import os; os.abort()")
    (broken / "faiss.py").write_text("import no_such_module")
    done = doctor(root, {"PYTHONPATH": f"{broken}{os.pathsep}{SOURCE}"})
    told = words(done)
    assert done.returncode == 1
    assert "libGL.so.1" in told["open3d"]
    assert "Mend: `apt-get install -y libusb-1.0-0 libgl1" in told["open3d"]
    assert told["pycolmap"] == "problem ended by SIGABRT: without a word Mend: `make install`"
    assert "No module named 'no_such_module'" in told["faiss"]
    assert done.stdout.splitlines()[-1].startswith("3 of ")
    assert "Traceback" not in done.stdout + done.stderr


def test_a_folder_that_is_no_project_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "LIBRARIES", {})
    done = CliRunner().invoke(app, ["doctor", "--project", str(tmp_path)], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    assert "is none" in done.stdout
    assert "Mend: name one with --project" in done.stdout


@pytest.mark.parametrize(
    ("lines", "state", "told"),
    [
        (f"numpy=={version('numpy')}  # via all\n\n# a remark\n", "ok", "1 as requirements.txt pins them"),
        ("numpy==1.0\n", "note", "in the place of 1.0"),
        ("no-such-package==1.0\nnumpy==1.0\n", "problem", "not installed: no-such-package"),
        ("".join(f"no-such-{n}==1\n" for n in range(5)), "problem", "no-such-0, no-such-1, no-such-2 and 2 more"),
        ("<<<<<<< HEAD\n", "problem", "cannot be read"),
        (None, "note", "is missing"),
    ],
)
def test_packages_are_compared_with_the_lock(tmp_path: Path, lines: str | None, state: str, told: str) -> None:
    if lines is not None:
        (tmp_path / "requirements.txt").write_text(lines)
    found = installation.packages(tmp_path / "requirements.txt")
    assert found.state == state
    assert told in found.told


def test_programs_that_are_not_on_the_path_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = installation.commands()
    assert (found.state, found.told) == ("problem", "not on the path: git, dvc")


def test_a_mistake_in_the_parameters_is_the_sentence_that_a_stage_tells(root: Path) -> None:
    change(root, describe={"image_sise": 224})
    found, params = project.parameters(root)
    assert (found.state, params) == ("problem", None)
    assert "unknown key `describe.image_sise`, did you mean `image_size`?" in found.told


def test_photographs_that_are_not_there_are_told_with_how_to_get_them(root: Path) -> None:
    (root / "data/images/a.png").unlink()
    assert project.photographs(root).mend == "`bitscape import PHOTOS`"
    (root / "data/images").rmdir()
    assert project.photographs(root).mend == "`bitscape import PHOTOS`"
    (root / "data.dvc").touch()
    assert "`dvc pull data.dvc`" in project.photographs(root).mend


def test_weights_are_looked_for_where_they_would_be_read(root: Path) -> None:
    change(
        root,
        describe={"weights": "mine.safetensors"},
        train__methods__bcdh={"network": "paper", "weights": "vgg.pth"},
        train__methods__dsah={"weights": "never-read.pth"},  # network: shared
        train__methods__dsrh={"network": "paper"},
        train__methods__ath={"network": "paper"},  # has none
    )
    (root / "vgg.pth").touch()
    found = {one.subject: (one.state, one.told) for one in project.weights(root, load(root / "params.yaml"))}
    assert found == {
        "weights of describe": ("problem", "mine.safetensors is missing"),
        "weights of bcdh": ("ok", "vgg.pth"),
        "weights of dsrh": ("note", "are downloaded when they are first used, which needs a network"),
    }


@pytest.mark.parametrize(("gibibytes", "state"), [(0.5, "problem"), (2, "note"), (100, "ok")])
def test_room_on_the_disk(root: Path, monkeypatch: pytest.MonkeyPatch, gibibytes: float, state: str) -> None:
    usage = shutil.disk_usage(root)._replace(free=int(gibibytes * (1 << 30)))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert project.disk(root).state == state


@pytest.fixture
def server() -> Iterator[str]:
    class Healthy(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/api/health" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Healthy) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_servers_that_are_named_are_asked(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", f"{server}/api")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{free_port()}")
    found = {one.subject: one for one in services.services()}
    assert found["Prefect"].state == "ok"
    assert found["MLflow"].state == "note"
    assert "Connection refused" in found["MLflow"].told
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db")
    assert [one.subject for one in services.services()] == ["Prefect"]
