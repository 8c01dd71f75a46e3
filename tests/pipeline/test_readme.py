"""The commands of the README that serve something; the others are run by the tests named below."""

import os
import re
import shlex
import sys
from pathlib import Path

from tests.flows.servers import ask, background, free_port, until
from tests.pipeline.projects import SOURCE, Project
from tests.pipeline.readme import block, blocks

ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def test_every_block_is_run_by_a_test():
    run_by = {
        "make run": "tests/pipeline/test_fresh_clone.py",
        "source .venv": "tests/pipeline/test_without_overlap.py",
        "mlflow ui": __file__,
        "python -m flows.serve": __file__,
        "bitscape index": "tests/search/test_documented.py",
    }
    assert [next(known for known in run_by if text.startswith(known)) for text in blocks()] == list(run_by)
    for path in run_by.values():
        assert (SOURCE / path).is_file()


def test_the_pictures_and_pages_it_names_exist():
    for target in re.findall(r"\]\(([^)#]+)\)", (SOURCE / "README.md").read_text(encoding="utf-8")):
        assert (SOURCE / target).exists(), target


def test_mlflow_ui_answers(tmp_path):
    port = free_port()
    command = [*shlex.split(block("mlflow ui")), "--port", str(port), "--workers", "1"]  # each takes seconds to start
    with background(command, tmp_path, tmp_path / "log", ENVIRONMENT):
        found = until(
            lambda: ask(f"http://127.0.0.1:{port}/api/2.0/mlflow/experiments/search", {"max_results": 5}), seconds=120
        )
    assert found["experiments"][0]["name"] == "Default"


def test_flows_serve_waits_for_runs(tmp_path):
    project = Project(tmp_path / "project")
    environment = {**ENVIRONMENT, **project.env, "PREFECT_HOME": str(tmp_path / "prefect"), "PYTHONUNBUFFERED": "1"}
    environment["PATH"] = ENVIRONMENT["PATH"]
    log = tmp_path / "log"
    with background(shlex.split(block("python -m flows.serve")), project.root, log, environment):
        until(lambda: "pipeline/laptop" in log.read_text(), seconds=120)
    assert "Traceback" not in log.read_text()


def test_make_help_lists_every_target(tmp_path):
    (phony,) = (line for line in (SOURCE / "Makefile").read_text().splitlines() if line.startswith(".PHONY: "))
    told = Project(tmp_path / "project").run("make", "--no-print-directory", "help").stdout
    assert [line.split()[1] for line in told.splitlines()] == phony.split()[1:]
