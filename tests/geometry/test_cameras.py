from pathlib import Path

import pytest
from PIL import ExifTags, Image

from bitscape.geometry.cameras import Shot, add_photographs, read_shot, shared_cameras
from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.copies import copy_name, write_copies

EXIF = ((271, "Maker"), (272, "M1"), (37386, "35.0"))
LYING, STANDING, OTHER = (800, 600), (600, 800), (800, 533)


def shots(folder: str, *sizes: tuple[int, int], exif: tuple[tuple[int, str], ...] = ()) -> list[Shot]:
    return [Shot(folder, size, exif) for size in sizes]


def test_exif_and_size_decide_wherever_the_files_lie() -> None:
    given = shots("a", LYING, STANDING, LYING, exif=EXIF) + shots("b", LYING, exif=EXIF) + shots("a", LYING)
    zoomed = shots("a", LYING, exif=(*EXIF[:2], (37386, "70.0")))
    assert shared_cameras(given + zoomed, "auto") == [[0, 2, 3], [1], [4], [5]]


def test_a_folder_of_one_size_shares_a_camera_for_each_way_of_holding_it() -> None:
    given = shots("a", LYING, STANDING, LYING, LYING, STANDING) + shots("b", *[LYING] * 4) + shots("a", LYING)
    assert shared_cameras(given, "auto") == [[0, 2, 3, 9], [1, 4], [5], [6], [7], [8]]  # b: too few to tell
    assert shared_cameras(given, "exif") == [[at] for at in range(10)]


def test_pictures_of_many_sizes_share_nothing() -> None:
    given = shots("a", LYING, OTHER, LYING, LYING, LYING, LYING)
    assert shared_cameras(given, "auto") == [[at] for at in range(6)]


def test_a_model_without_focal_length_or_the_reverse_is_not_enough() -> None:
    for exif in (EXIF[:2], EXIF[2:]):
        assert shared_cameras(shots("a", LYING, OTHER, exif=exif), "auto") == [[0], [1]]


def test_each_has_its_own() -> None:
    assert shared_cameras(shots("a", *[LYING] * 6, exif=EXIF), "each") == [[at] for at in range(6)]


@pytest.fixture
def written(tmp_path: Path) -> list[str]:
    """Six copies: the first five with EXIF (28 mm on full frame), the last without; the second one stands."""
    for index in range(6):
        tags = Image.Exif()
        if index < 5:
            tags[ExifTags.Base.Make], tags[ExifTags.Base.Model] = "Maker", "M1"
            lens = {int(ExifTags.Base.FocalLengthIn35mmFilm): 28, int(ExifTags.Base.FocalLength): 28.0}
            tags.get_ifd(ExifTags.IFD.Exif).update(lens)
        Image.new("RGB", STANDING if index == 1 else LYING).save(tmp_path / f"{index}.jpg", exif=tags)
    return write_copies([(index, tmp_path / f"{index}.jpg") for index in (4, 1, 0, 3, 2, 5)], tmp_path / "c", 400, 6)


def test_the_database_has_the_cameras_and_the_order(tmp_path: Path, written: list[str]) -> None:
    given = [read_shot(tmp_path / "c" / name, "a/b.jpg") for name in written]
    assert [shot.names_camera for shot in given] == [True] * 5 + [False]
    add_photographs(tmp_path / "x.db", tmp_path / "c", written, shared_cameras(given, "auto"), tmp_path)
    with pycolmap.Database.open(tmp_path / "x.db") as database:
        images = sorted(database.read_all_images(), key=lambda image: image.image_id)
        cameras = {image.name: database.read_camera(image.camera_id) for image in images}
    assert [image.name for image in images] == [copy_name(index) for index in (4, 0, 3, 2, 1, 5)]
    assert len({camera.camera_id for camera in cameras.values()}) == 3
    assert cameras[copy_name(0)].camera_id == cameras[copy_name(3)].camera_id
    assert cameras[copy_name(1)].width < cameras[copy_name(1)].height
    assert cameras[copy_name(4)].has_prior_focal_length
    assert not cameras[copy_name(5)].has_prior_focal_length
    assert cameras[copy_name(4)].mean_focal_length() == pytest.approx(28 / 36 * 400, rel=0.05)
    before = (tmp_path / "x.db").read_bytes()
    add_photographs(tmp_path / "x.db", tmp_path / "c", [], [], tmp_path)
    assert (tmp_path / "x.db").read_bytes() == before
    assert not (tmp_path / "links").exists()
