"""COLMAP's own synthetic scenes, with photographs named as the project names its copies."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bitscape.geometry.colmap import log_to, pycolmap
from bitscape.geometry.copies import copy_name

Synthesize = Callable[..., tuple[Path, pycolmap.Reconstruction]]


@pytest.fixture(autouse=True)
def _quiet(tmp_path: Path) -> None:
    log_to(tmp_path / "log")


@pytest.fixture
def synthesize(tmp_path: Path) -> Synthesize:
    """Build a database with features and matches, and the true model; photograph i (from 0) has index `step * i`."""

    def build(
        frames: int = 8, points: int = 300, track_length: int = -1, step: int = 3, first: int = 0
    ) -> tuple[Path, pycolmap.Reconstruction]:
        options = pycolmap.SyntheticDatasetOptions()
        options.num_rigs, options.num_frames_per_rig = 1, frames
        options.num_points3D, options.track_length = points, track_length
        path = tmp_path / f"synthetic-{first}.db"
        pycolmap.set_random_seed(first)
        with pycolmap.Database.open(path) as database:
            truth = pycolmap.synthesize_dataset(options, database)
            for image in database.read_all_images():
                image.name = copy_name(first + step * (image.image_id - 1))
                database.update_image(image)
        for key, image in truth.images.items():
            image.name = copy_name(first + step * (key - 1))
        return path, truth

    return build
