from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from bitscape.core.errors import BitscapeError
from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.copies import camera_tags, copy_index, copy_name, write_copies
from bitscape.geometry.features import extract

RED, BLUE = (220, 30, 30), (30, 30, 220)


def photograph(width: int = 300, height: int = 200) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image


def exif(orientation: int = 1, focal35: int | None = 50, model: str = "M1") -> Image.Exif:
    tags = Image.Exif()
    tags[ExifTags.Base.Make], tags[ExifTags.Base.Model] = "Maker", model
    tags[ExifTags.Base.Orientation] = orientation
    if focal35 is not None:
        tags.get_ifd(ExifTags.IFD.Exif).update({int(ExifTags.Base.FocalLengthIn35mmFilm): focal35})
    return tags


def near(pixel: tuple[int, ...], colour: tuple[int, ...]) -> bool:
    return bool(np.abs(np.subtract(pixel, colour)).max() < 30)


def test_names_are_the_inverse_of_indices() -> None:
    assert [copy_index(copy_name(index)) for index in (0, 7, 123456789)] == [0, 7, 123456789]


def test_rotated_photographs_stand_upright_and_are_small(tmp_path: Path) -> None:
    path = tmp_path / "rotated.jpg"
    photograph().save(path, exif=exif(orientation=6))  # to be turned a quarter clockwise: left comes up
    assert write_copies([(5, path)], tmp_path / "copies", 120, 1) == ["00000005.jpg"]
    copy = Image.open(tmp_path / "copies/00000005.jpg")
    assert copy.size == (80, 120)
    assert near(copy.getpixel((40, 20)), RED)
    assert near(copy.getpixel((40, 100)), BLUE)
    assert ExifTags.Base.Orientation not in copy.getexif()


@pytest.mark.parametrize("name", ["a b.png", "line\nbreak.webp", "-dash.tiff", "ünï'\".png"])
def test_formats_and_names_that_colmap_would_stumble_over(tmp_path: Path, name: str) -> None:
    photograph().save(tmp_path / name)
    names = write_copies([(1, tmp_path / name)], tmp_path / "copies", 800, 1)
    bitmap = pycolmap.Bitmap.read(tmp_path / "copies" / names[0], as_rgb=True)
    assert (bitmap.width, bitmap.height) == (300, 200)


def test_a_file_that_went_away_is_named(tmp_path: Path) -> None:
    with pytest.raises(BitscapeError, match=r"gone\.jpg"):
        write_copies([(0, tmp_path / "gone.jpg")], tmp_path / "copies", 800, 1)


@pytest.mark.parametrize("focal", [0, 65535, None])
def test_senseless_focal_lengths_are_dropped(tmp_path: Path, focal: int | None) -> None:
    path = tmp_path / "a.jpg"
    photograph().save(path, exif=exif(focal35=focal))
    kept = camera_tags(path)
    assert kept[ExifTags.Base.Model] == "M1"
    assert not kept.get_ifd(ExifTags.IFD.Exif)


def test_colmap_reads_the_focal_length_and_shares_cameras(tmp_path: Path) -> None:
    shots = {0: exif(), 1: exif(), 2: exif(model="M2"), 3: exif(focal35=28), 4: None, 5: None}
    for index, tags in shots.items():
        photograph(600, 400).save(tmp_path / f"{index}.jpg", **({"exif": tags} if tags else {}))
    files = [(index, tmp_path / f"{index}.jpg") for index in shots]
    names = write_copies(files, tmp_path / "copies", 300, len(files))
    extract(tmp_path / "x.db", tmp_path / "copies", names, Reconstruct())
    with pycolmap.Database.open(tmp_path / "x.db") as database:
        used = [database.read_image_with_name(name).camera_id for name in names]
        first, last = database.read_camera(used[0]), database.read_camera(used[5])
    assert used[0] == used[1]
    assert len(set(used)) == 5
    assert first.has_prior_focal_length
    assert not last.has_prior_focal_length
    # 50 mm on a frame of 36 x 24 mm: by width 50 / 36 * 300 pixels, by diagonal the same at this aspect.
    assert first.mean_focal_length() == pytest.approx(50 / 36 * 300, rel=0.03)
