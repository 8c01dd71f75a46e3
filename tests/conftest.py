"""What all tests share."""

import os
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

SHARED = Path(__file__).parents[2] / "shared" / "data"
ONE_PROJECT = ("test_data_formats.py", "test_sample.py", "test_truth.py")
"""Tests below `pipeline` that look at one reproduced project."""

if "PYTEST_XDIST_WORKER" in os.environ:  # as many workers as cores
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the reproduced projects: they take longest."""
    items.sort(key=lambda item: item.path.parent.name != "pipeline")


class ByProject(LoadScopeScheduling):
    """Give a worker whole files of tests, and one worker all that share a reproduced project."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "pipeline" if file.endswith(ONE_PROJECT) and "/pipeline/" in file else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByProject:
    """Have pytest-xdist distribute the tests so."""
    return ByProject(config, log)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Give the folder of real photographs beside the repository, or skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"real photographs are not at {SHARED}")
    return SHARED
