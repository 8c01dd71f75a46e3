"""What all tests share."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared" / "data"

if "PYTEST_XDIST_WORKER" in os.environ:  # as many workers as cores
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests that share a reproduced project on one worker, and have it begin with them: they take longest."""
    for item in items:
        whole = item.path.parent if item.path.parent.name == "pipeline" else item.path
        item.add_marker(pytest.mark.xdist_group(str(whole)))
    items.sort(key=lambda item: item.path.parent.name != "pipeline")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Give the folder of real photographs beside the repository, or skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"real photographs are not at {SHARED}")
    return SHARED
