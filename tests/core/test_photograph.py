from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bitscape.core.errors import BitscapeError
from bitscape.core.photograph import open_photograph

# What the EXIF standard says of each orientation: the visual top row and left column of the stored one.
ORIENTATIONS = {
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: stored[::-1].swapaxes(0, 1),
    7: lambda stored: stored[::-1, ::-1].swapaxes(0, 1),
    8: lambda stored: stored[:, ::-1].swapaxes(0, 1),
}


@pytest.fixture(scope="module")
def rgb() -> np.ndarray:
    rows, columns = np.mgrid[0:40, 0:56]
    return np.stack([rows * 6, columns * 4, (rows + columns) * 2], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_exif_rotation_is_applied_as_the_standard_says(tmp_path: Path, rgb: np.ndarray, kind: str, orientation: int):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if kind == "WEBP" else {}
    Image.fromarray(rgb).save(tmp_path / "photograph", kind, exif=exif, **options)
    opened = open_photograph(tmp_path / "photograph")
    np.testing.assert_array_equal(opened, ORIENTATIONS[orientation](rgb))


@pytest.mark.parametrize("orientation", [6, 8])
def test_exif_rotation_of_a_jpeg(tmp_path: Path, rgb: np.ndarray, orientation: int):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(rgb).save(tmp_path / "a.jpg", quality=95, exif=exif)
    opened = open_photograph(tmp_path / "a.jpg")
    expected = ORIENTATIONS[orientation](rgb)
    assert opened.shape == expected.shape
    assert np.abs(opened.astype(int) - expected).mean() < 3


def test_an_exif_block_of_rubbish_does_not_lose_the_photograph(tmp_path: Path, rgb: np.ndarray):
    Image.fromarray(rgb).save(tmp_path / "a.jpg", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff" + bytes(range(60)))
    assert open_photograph(tmp_path / "a.jpg").shape == rgb.shape


@pytest.mark.parametrize(("name", "kind"), [("a.png", "PNG"), ("a.tif", "TIFF"), ("turned.tif", "TIFF")])
def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path: Path, name: str, kind: str):
    values = np.linspace(0, 65535, 40 * 50).round().astype(np.uint16).reshape(40, 50)
    exif = Image.Exif()
    exif[0x0112] = 3 if name == "turned.tif" else 1
    Image.fromarray(values).save(tmp_path / name, kind, exif=exif)
    opened = open_photograph(tmp_path / name)
    expected = np.rint(values / 65535 * 255).astype(np.uint8)
    if name == "turned.tif":
        expected = expected[::-1, ::-1]
    for channel in range(3):
        np.testing.assert_array_equal(opened[..., channel], expected)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "CMYK", "YCbCr"])
def test_every_mode_becomes_rgb(tmp_path: Path, rgb: np.ndarray, mode: str):
    kind = "PNG" if mode in ("1", "L", "P", "LA", "RGBA") else "TIFF"
    picture = Image.fromarray(rgb).convert(mode)
    picture.save(tmp_path / "picture", kind)
    opened = open_photograph(tmp_path / "picture")
    np.testing.assert_array_equal(opened, np.asarray(picture.convert("RGB")))
    assert opened.dtype == np.uint8
    assert opened.flags.c_contiguous


def test_cmyk_jpeg_keeps_its_colours(tmp_path: Path):
    Image.new("RGB", (48, 48), (200, 60, 30)).convert("CMYK").save(tmp_path / "a.jpg", quality=95)
    assert np.abs(open_photograph(tmp_path / "a.jpg").mean(axis=(0, 1)) - (200, 60, 30)).max() < 6


def test_transparency_is_laid_on_white(tmp_path: Path):
    pixels = np.zeros((4, 4, 4), dtype=np.uint8)
    pixels[0, :, 3] = 255
    pixels[1, :, 3] = 51  # a fifth of black on white
    Image.fromarray(pixels).save(tmp_path / "a.png")
    opened = open_photograph(tmp_path / "a.png")
    np.testing.assert_array_equal(opened[:, 0, 0], [0, 204, 255, 255])


def test_a_transparent_palette_colour_is_laid_on_white(tmp_path: Path):
    picture = Image.new("P", (3, 1))
    picture.putpalette([0, 0, 0, 10, 20, 30])
    picture.putdata([0, 1, 0])
    picture.save(tmp_path / "a.png", transparency=0)
    assert open_photograph(tmp_path / "a.png").tolist() == [[[255] * 3, [10, 20, 30], [255] * 3]]


@pytest.mark.parametrize("kind", ["TIFF", "WEBP", "PNG"])
def test_of_several_frames_the_first_is_taken(tmp_path: Path, kind: str):
    first, second = (Image.new("RGB", (40, 30), colour) for colour in ("red", "blue"))
    options = {"lossless": True} if kind == "WEBP" else {}
    first.save(tmp_path / "frames", kind, save_all=True, append_images=[second], **options)
    assert (open_photograph(tmp_path / "frames") == (255, 0, 0)).all()


def test_a_bad_file_is_named_with_the_reason(tmp_path: Path):
    (tmp_path / "a.jpg").write_text("hello")
    with pytest.raises(BitscapeError, match=r"a\.jpg is not a photograph .* not a JPEG, PNG, WebP or TIFF picture"):
        open_photograph(tmp_path / "a.jpg")
    with pytest.raises(BitscapeError, match=r"b\.jpg .* cannot be read: No such file or directory"):
        open_photograph(tmp_path / "b.jpg")


def test_float_pixels_are_refused_because_their_range_is_unknown(tmp_path: Path):
    Image.fromarray(np.ones((4, 4), dtype=np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(BitscapeError, match="32 bits"):
        open_photograph(tmp_path / "a.tif")
