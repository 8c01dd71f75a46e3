"""Small sample collections, rendered once for all tests of this folder."""

from pathlib import Path

import pytest

from bitscape.collection.sample.generate import generate

LANDMARKS = ("house_baker", "temple_rain")
SIZE = {"width": 160, "height": 120}


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    generate(folder, seed=0, photographs=4, landmarks=LANDMARKS, **SIZE)
    return folder
