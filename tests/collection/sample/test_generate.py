import csv
import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bitscape.collection.sample.cameras import intrinsics
from bitscape.collection.sample.generate import generate
from bitscape.collection.sample.landmarks import LANDMARKS
from bitscape.core.errors import BitscapeError


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_equal_seeds_give_equal_bytes_and_others_do_not(sample: Path, tmp_path: Path) -> None:
    size = {"width": 160, "height": 120}
    generate(tmp_path / "again", seed=0, photographs=4, landmarks=["temple_rain"], workers=1, **size)
    once, again = digests(sample), digests(tmp_path / "again")
    pictures = [name for name in again if name.endswith(".jpg")]
    assert len(pictures) == 4
    assert {name: again[name] for name in pictures} == {name: once[name] for name in pictures}
    generate(tmp_path / "other", seed=1, photographs=1, landmarks=["temple_rain"], **size)
    assert digests(tmp_path / "other")[pictures[0]] not in once.values()


def test_the_tables_list_every_photograph(sample: Path) -> None:
    with (sample / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    images = [row["image"] for row in rows]
    assert images == sorted(path.relative_to(sample / "images").as_posix() for path in sample.rglob("*.jpg"))
    for row in rows:
        labels = row["labels"].split(";")
        assert labels == sorted(set(labels))
        assert set(LANDMARKS[row["landmark"]].labels) < set(labels)
        assert row["landmark"] == row["image"].split("/")[0]
    times = {label for row in rows for label in row["labels"].split(";")} & {"morning", "noon", "evening", "overcast"}
    assert len(times) == 4
    for name in ("cameras", "overlap"):
        with np.load(sample / "truth" / f"{name}.npz") as truth:
            assert truth["image"].tolist() == images


def test_exif_tells_the_focal_length_that_the_cameras_have(sample: Path) -> None:
    with Image.open(sample / "images/house_baker/house_baker_00.jpg") as picture:
        assert picture.size == (160, 120)
        exif = picture.getexif()
    told = exif.get_ifd(0x8769)[0xA405]
    assert exif[0x0110] == "Bitscape Renderer"
    focal = np.load(sample / "truth" / "cameras.npz")["K"][0, 0, 0]
    assert focal == intrinsics(160, 120)[0, 0]
    assert 160 * told / 35 == pytest.approx(focal, rel=0.02)  # COLMAP's reading of the tag


def test_the_collection_has_four_families_of_three() -> None:
    families: dict[str, int] = {}
    for landmark in LANDMARKS.values():
        families[landmark.labels[0]] = families.get(landmark.labels[0], 0) + 1
    assert families == {"church": 3, "domed hall": 3, "house": 3, "temple": 3}
    assert list(LANDMARKS) == sorted(LANDMARKS)


def test_an_unknown_landmark_is_told_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(BitscapeError, match=r"'tower'.*church_anne"):
        generate(tmp_path, landmarks=["tower"])
    with pytest.raises(BitscapeError, match="No landmark"):
        generate(tmp_path, landmarks=[])
    assert not list(tmp_path.iterdir())


def test_pictures_that_are_there_are_left_alone(sample: Path) -> None:
    before = digests(sample)
    with pytest.raises(BitscapeError, match="there already"):
        generate(sample, photographs=1)
    assert digests(sample) == before


def test_the_command_tells_a_mistake_in_a_sentence(sample: Path) -> None:
    command = [sys.executable, "-m", "bitscape.collection.sample", str(sample)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 1
    assert answer.stderr.strip().endswith("or remove it.")
    assert "Traceback" not in answer.stderr


def test_open3d_stays_in_the_workers() -> None:
    code = "import sys, bitscape.collection.sample.generate as g; sys.exit('open3d' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
