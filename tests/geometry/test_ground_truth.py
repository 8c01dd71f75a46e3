"""Photographs with measured cameras (Strecha et al.): all of them register, where they were and turned as they were."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry.cameras import add_photographs, read_shot, shared_cameras
from bitscape.geometry.copies import copy_index, write_copies
from bitscape.geometry.features import extract
from bitscape.geometry.matching import match_collection
from bitscape.geometry.reconstruction import build_models

pytestmark = pytest.mark.slow


def measured(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read rotation (camera from world) and centre; the file's rotation has the camera's axes as columns."""
    lines = [list(map(float, line.split())) for line in path.read_text().splitlines()]
    return np.array(lines[4:7]).T, np.array(lines[7])


def aligned(found: np.ndarray, true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Move, turn and scale the found centres onto the true ones (least squares); give them and the turn."""
    here, there = found - found.mean(axis=0), true - true.mean(axis=0)
    turn, _ = Rotation.align_vectors(there, here)
    turned = turn.apply(here)
    scale = (turned * there).sum() / (turned**2).sum()
    return scale * turned + true.mean(axis=0), turn.as_matrix()


@pytest.mark.parametrize("place", ["fountain_P11", "herzjesu_P25"])
def test_cameras_are_where_they_were_measured(shared_data: Path, tmp_path: Path, place: str) -> None:
    files = list(enumerate(sorted((shared_data / "photos" / place).iterdir())))
    names, settings = [f"{place}/{path.name}" for _, path in files], Reconstruct(deterministic=True)
    copies, database = tmp_path / "copies", tmp_path / "features.db"
    copied = write_copies(files, copies, settings.image_size, len(files))
    shots = [read_shot(copies / copy, name) for copy, name in zip(copied, names, strict=True)]
    add_photographs(database, copies, copied, shared_cameras(shots, settings.cameras), tmp_path)
    extract(database, copies, copied, settings)
    match_collection(database, np.arange(len(files)), names, np.empty((len(files), 1)), tmp_path, settings, 0)
    (model,) = build_models(database, copies, tmp_path / "models", settings, 0)
    images = [model.images[key] for key in model.reg_image_ids()]
    assert len(images) == len(files)
    assert model.num_cameras() == 1

    truth = shared_data / "ground-truth" / place
    true = [measured(truth / f"{files[copy_index(image.name)][1].name}.camera") for image in images]
    rotations, centres = np.array([turn for turn, _ in true]), np.array([centre for _, centre in true])
    moved, turn = aligned(np.array([image.projection_center() for image in images]), centres)
    extent = float(np.linalg.norm(centres.max(axis=0) - centres.min(axis=0)))
    distance = np.median(np.linalg.norm(moved - centres, axis=1)) / extent
    turned = np.array([image.cam_from_world().rotation.matrix() for image in images]) @ turn.T
    angle = np.median(Rotation.from_matrix(turned @ rotations.transpose(0, 2, 1)).magnitude())
    print(f"\n{place}: centres {distance:.3%} of the extent, rotations {np.degrees(angle):.3f} degrees (medians)")
    assert distance <= 0.001
    assert np.degrees(angle) <= 0.2
