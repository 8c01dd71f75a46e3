"""Part of the sample, reproduced once for all tests that look at it."""

import shutil

import pytest

from tests.pipeline.projects import BITSCAPE, Project

LANDMARKS = ("church_anne", "church_clare", "house_baker")


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Reproduce the pipeline once on three landmarks of the sample, two of them look-alikes."""
    project = Project(tmp_path_factory.mktemp("sample") / "project")
    project.dvc("pull", "--quiet", "data.dvc")
    chosen = tmp_path_factory.mktemp("photographs")
    for landmark in LANDMARKS:
        shutil.copytree(project.root / "data/images" / landmark, chosen / landmark)
    with (project.root / "data/labels.csv").open() as file:
        kept = [line for line in file if line.startswith(("image,", *LANDMARKS))]
    shutil.move(project.root / "data/truth", project.root / "truth")
    labels = tmp_path_factory.mktemp("labels") / "labels.csv"
    labels.write_text("".join(kept))
    project.run(*BITSCAPE, "import", str(chosen), "--labels", str(labels))
    project.set(
        bits=[16],
        methods=["lsh", "itq", "bcdh", "dsah", "exchnet"],
        relevance__source="geometry",
        train__methods__bcdh__epochs=3,
        train__methods__dsah__epochs=3,
        train__methods__exchnet__rounds=5,
    )
    project.dvc("repro")
    return project
