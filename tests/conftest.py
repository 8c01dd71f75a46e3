"""What all tests share."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Give the folder of real photographs beside the repository, or skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"real photographs are not at {SHARED}")
    return SHARED
