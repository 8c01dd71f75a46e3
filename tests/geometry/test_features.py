from pathlib import Path

import numpy as np
import pytest

from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.copies import write_copies
from bitscape.geometry.features import extract, match
from bitscape.geometry.view_graph import read_view_graph

SMALL = Reconstruct(image_size=320, max_features=400)
INDICES = np.array([4, 7, 9])
PAIRS = np.array([[4, 7], [4, 9], [7, 9]])


@pytest.fixture
def matched(shared_data: Path, tmp_path: Path) -> Path:
    """A database of three photographs with features and all matches."""
    files = sorted((shared_data / "photos/fountain_P11").iterdir())[:3]
    names = write_copies(zip(INDICES.tolist(), files, strict=True), tmp_path / "copies", 320, 3)
    extract(tmp_path / "x.db", tmp_path / "copies", names, SMALL)
    match(tmp_path / "x.db", PAIRS, tmp_path, SMALL, 0)
    return tmp_path / "x.db"


def test_what_has_features_is_not_extracted_again(matched: Path) -> None:
    copies = sorted((matched.parent / "copies").iterdir())
    for copy in copies:
        copy.unlink()  # COLMAP could not read them
    extract(matched, matched.parent / "copies", [copy.name for copy in copies], SMALL)
    with pycolmap.Database.open(matched) as database:
        assert database.num_images() == 3
        assert database.num_keypoints() >= 3 * 300


def test_what_is_verified_is_not_matched_again(matched: Path) -> None:
    before = read_view_graph(matched, INDICES)
    assert len(before.pairs) == 3
    with pycolmap.Database.open(matched) as database:
        database.clear_descriptors()  # matching again would find nothing
    match(matched, PAIRS[:, ::-1], matched.parent, SMALL, 0)
    after = read_view_graph(matched, INDICES)
    assert after.pairs.tolist() == before.pairs.tolist()
    assert after.inliers.tolist() == before.inliers.tolist()


def test_a_copy_that_is_there_is_kept(shared_data: Path, tmp_path: Path) -> None:
    file = sorted((shared_data / "photos/fountain_P11").iterdir())[0]
    (tmp_path / "00000000.jpg").write_bytes(b"kept")
    assert write_copies([(0, file)], tmp_path, 320, 1) == ["00000000.jpg"]
    assert (tmp_path / "00000000.jpg").read_bytes() == b"kept"
