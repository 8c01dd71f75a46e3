"""Photographs without overlap, too few of them, none at all: the pipeline says so, and what still can run does."""

import csv
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageFilter

from tests.pipeline.projects import BITSCAPE, Project
from tests.pipeline.readme import block


def _picture(seed):
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    return coarse.resize((320, 240), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(4))


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Type the commands of the README for one's own photographs, on 30 pictures that have nothing in common."""
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(30):
        _picture(number).save(folder / f"{number:02d}.jpg")
    project = Project(tmp_path_factory.mktemp("unrelated") / "project")
    project.set(bits=[16], methods=["lsh", "bcdh", "dsah", "exchnet"])
    (project.root / ".venv").symlink_to(sys.prefix)
    commands = block("source .venv").replace("PHOTOS", str(folder))
    project.done = project.run("bash", "-e", "-c", commands)
    return project


def test_it_says_that_there_is_no_model_and_goes_on(project):
    assert "no 3D model" in project.done.stderr
    assert (project.root / "reports/index.html").is_file()


def test_what_learns_from_3d_models_says_what_it_lacks_and_the_others_are_trained(project):
    reason = (project.root / "artifacts/train/exchnet-16/untrained.txt").read_text()
    assert "neither landmarks, labels nor 3D" in reason
    reason = (project.root / "artifacts/train/bcdh-16/untrained.txt").read_text()
    assert "bcdh has nothing to learn from: the training photographs have no 3D models" in reason
    assert reason.strip().split(";")[0] in (project.root / "reports/index.html").read_text()
    collection = pd.read_parquet(project.root / "artifacts/prepare/collection.parquet")
    for method in ("lsh", "dsah"):
        codes = np.load(project.root / f"artifacts/encode/{method}-16/database.npy")
        assert len(codes) == collection["split"].isin(["train", "database"]).sum()


def test_the_table_leaves_what_cannot_be_measured_empty(project):
    with (project.root / "reports/comparison.csv").open() as file:
        rows = {row["method"]: row for row in csv.DictReader(file)}
    assert rows["bcdh"]["distinct_codes_share"] == ""
    assert rows["lsh"]["map_expected"] == ""
    assert float(rows["lsh"]["distinct_codes_share"]) > 0.5


def test_labels_that_are_asked_for_and_missing_are_told(project):
    project.set(relevance__source="labels")
    try:
        done = project.run(sys.executable, "-m", "tasks.relevance", status=1)
    finally:
        project.set(relevance__source="auto")
    assert len(done.stderr.strip().splitlines()) == 1
    assert "labels" in done.stderr
    assert "geometry" in done.stderr


def test_an_empty_folder_and_too_few_pictures_are_told(project, tmp_path):
    done = project.run(*BITSCAPE, "import", str(tmp_path), status=1)
    assert len(done.stderr.strip().splitlines()) == 1
    for number in range(3):
        _picture(number).save(tmp_path / f"{number}.png")
    project.run(*BITSCAPE, "import", str(tmp_path))
    told = project.dvc("repro", "prepare", status=None)
    assert told.returncode != 0
    assert "3" in told.stderr
    assert "min_images" in told.stderr
    assert "Traceback" not in told.stderr
