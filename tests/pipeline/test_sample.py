"""The whole pipeline on part of the sample, as a user would run it."""

import csv
import json
import shlex
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import get_args

import pytest

from bitscape.core.settings.methods import MethodName
from tests.flows.servers import has_ended, until
from tests.pipeline.conftest import LANDMARKS
from tests.pipeline.projects import BITSCAPE, DVC
from tests.pipeline.readme import inline


def _runs(project):
    with closing(sqlite3.connect(project.root / "mlflow.db")) as store:
        return sorted(name for (name,) in store.execute("SELECT name FROM runs WHERE lifecycle_stage = 'active'"))


def test_every_landmark_is_a_model_of_its_own(project):
    report = json.loads((project.root / "artifacts/reconstruct/registrations.json").read_text())
    assert len(report["models"]) == len(LANDMARKS)
    assert report["unregistered"] == []


def test_every_method_is_in_the_table_and_beats_chance(project):
    with (project.root / "reports/comparison.csv").open() as file:
        rows = {row["method"]: row for row in csv.DictReader(file)}
    assert list(rows) == ["lsh", "itq", "bcdh", "dsah", "exchnet"]
    for row in rows.values():
        assert float(row["map_expected"]) > 0.4  # a third of the photographs show the query's landmark
        assert int(row["queries"]) >= 3
    table = project.run(*BITSCAPE, "table").stdout
    assert all(method in table for method in rows)
    assert "mlflow ui --backend-store-uri sqlite:///mlflow.db" in table


def test_the_report_is_one_file_that_needs_no_network(project):
    page = (project.root / "reports/index.html").read_text(encoding="utf-8")
    assert "data:image/" in page
    assert 'src="http' not in page
    assert 'href="http' not in page


def test_dvc_shows_metrics_and_plots(project):
    assert "map_expected" in project.dvc("metrics", "show").stdout
    project.dvc("metrics", "diff")
    project.dvc("plots", "show")
    assert "precision_recall" in (project.root / "dvc_plots/index.html").read_text(encoding="utf-8")


def test_a_second_time_nothing_runs_but_the_look_at_mlflow(project):
    assert project.stages_run(project.dvc("repro")) == ["track"]
    assert _runs(project) == ["bcdh-16", "dsah-16", "exchnet-16", "itq-16", "lsh-16"]


@pytest.mark.parametrize(
    ("change", "stage", "trained"),
    [
        ({"build_similarity__reading": "snn"}, "build_similarity", ["train@dsah-16"]),
        ({"mine_pairs__min_overlap": 0.4, "mine_pairs__levels": 2}, "mine_pairs", ["train@bcdh-16"]),
    ],
)
def test_only_the_methods_that_learn_from_it_are_trained_anew(project, change, stage, trained):
    with _put_back(project):
        project.set(**change)
        ran = project.stages_run(project.dvc("repro", "train"))
    assert ran == [stage, "supervise", *trained]


def test_a_parameter_of_dsah_is_tried_out_as_the_readme_says_and_reruns_dsah_alone(project):
    with _put_back(project):
        ran = project.stages_run(project.dvc(*shlex.split(inline("dvc exp run"))[1:]))
        assert ran[0] == "train@dsah-16"  # where its codes come out as they were, they are not measured again
        assert set(ran[1:]) <= {"encode@dsah-16", "evaluate@dsah-16", "compare", "track"}
        assert "rounds: 5" in (project.root / "params.yaml").read_text()


@contextmanager
def _put_back(project):
    """Give the project its parameters and results of before."""
    kept = {name: (project.root / name).read_text() for name in ("params.yaml", "dvc.lock")}
    try:
        yield
    finally:
        for name, text in kept.items():
            (project.root / name).write_text(text)
        project.dvc("checkout", "--force")


def test_out_of_the_cache_the_same_bytes_come_back_and_so_do_the_runs(project):
    before = (project.root / "reports/index.html").read_bytes()
    for name in ("artifacts", "metrics", "plots", "reports"):
        shutil.rmtree(project.root / name)
    (project.root / "mlflow.db").unlink()
    ran = project.stages_run(project.dvc("repro"))
    assert not [name for name in ran if name.startswith("train")]
    assert (project.root / "reports/index.html").read_bytes() == before
    assert _runs(project) == ["bcdh-16", "dsah-16", "exchnet-16", "itq-16", "lsh-16"]


def test_training_again_gives_the_same_bytes(project):
    before = (project.root / "dvc.lock").read_text()
    project.dvc("repro", "--force", "--single-item", "train@dsah-16")
    project.dvc("repro", "--force", "--single-item", "train@bcdh-16")
    assert (project.root / "dvc.lock").read_text() == before


def test_two_stages_at_once_do_not_disturb_each_other(project):
    both = [
        subprocess.Popen(
            [*DVC, "--wait-for-lock", "repro", "--force", "--single-item", f"evaluate@{method}-16"],
            cwd=project.root, env=project.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for method in ("lsh", "itq")
    ]  # fmt: skip
    for process in both:
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0, output


def test_a_misspelt_parameter_is_one_sentence_and_no_traceback(project):
    text = (project.root / "params.yaml").read_text()
    try:
        (project.root / "params.yaml").write_text(text.replace("min_overlap", "min_overlapp"))
        done = project.run(sys.executable, "-m", "tasks.mine_pairs", status=1)
    finally:
        (project.root / "params.yaml").write_text(text)
    sentence = "unknown key `mine_pairs.min_overlapp`, did you mean `min_overlap`?"
    assert done.stderr.strip() == f"mine_pairs: params.yaml: {sentence}."


@pytest.mark.parametrize(
    ("method", "bits", "told"),
    [
        ("bdch", "16", "--method bdch is none of those in params.yaml: lsh, itq, bcdh, dsah, exchnet."),
        ("bcdh", "12", "--bits 12 is none of those in params.yaml: 16."),
    ],
)
@pytest.mark.parametrize("stage", ["train", "encode", "evaluate"])
def test_a_result_that_params_do_not_name_is_refused(project, stage, method, bits, told):
    done = project.run(sys.executable, "-m", f"tasks.{stage}", "--method", method, "--bits", bits, status=1)
    assert done.stderr.strip() == f"{stage}: {told}"


@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])  # dash stays until its command ends, bash does not
def test_a_stage_ends_with_dvc_and_the_next_run_is_whole(project, shell):
    command = [*DVC, "repro", "--force", "--single-item", "train@dsah-16"]
    env = {**project.env, "SHELL": shell}
    with (project.root / "killed.log").open("w") as log:
        running = subprocess.Popen(command, cwd=project.root, env=env, stderr=log, start_new_session=True)
    stage = until(lambda: _child(running.pid, "tasks.train"), seconds=60)
    until(lambda: "libtorch" in Path(f"/proc/{stage}/maps").read_text(), seconds=60)  # it is at work
    running.kill()
    running.wait()
    until(lambda: has_ended(stage), seconds=30)
    assert "train:" not in (project.root / "killed.log").read_text()  # what a stage tells that came to its own end
    project.dvc("repro", "train@dsah-16")
    assert (project.root / "artifacts/train/dsah-16/weights.safetensors").is_file()
    assert project.dvc("status", "train@dsah-16").stdout.strip() == "Data and pipelines are up to date."


def _child(parent, words):
    """Give the process below another whose command, not run through a shell, has some words; 0 where there is none."""
    listing = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listing.splitlines()[1:]]
    below = {str(parent)}
    for _ in rows:
        below |= {pid for pid, above, _ in rows if above in below}
    return next((int(pid) for pid, _, args in rows if pid in below and words in args and " -c " not in args), 0)


def test_a_method_that_does_not_exist_is_told_before_any_work(project):
    text = (project.root / "params.yaml").read_text()
    try:
        project.set(methods=["lsh", "bdch"])
        done = project.dvc("repro", status=None)
    finally:
        (project.root / "params.yaml").write_text(text)
    assert done.returncode != 0
    assert project.stages_run(done) == ["prepare"]
    known = ", ".join(f"'{name}'" for name in get_args(MethodName)[:-1])
    told = f"`methods.1` should be {known} or '{get_args(MethodName)[-1]}', got 'bdch'."
    assert f"prepare: params.yaml: {told}" in done.stderr
    assert "Traceback" not in done.stderr
    assert project.stages_run(project.dvc("repro")) == ["track"]
