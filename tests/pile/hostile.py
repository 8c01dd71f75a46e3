"""What a pile from cameras, telephones, messengers and broken cards holds beside good photographs."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageFilter

from tests.collection.pictures import claim

SIZE = (400, 266)


def small(path: Path) -> Image.Image:
    """Open a real photograph at the size of the pile."""
    with Image.open(path) as photograph:
        return photograph.convert("RGB").resize(SIZE, Image.Resampling.LANCZOS)


def texture(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """Draw something with corners for features, unlike any other seed's."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (-(-size[1] // 9), -(-size[0] // 9), 3), dtype=np.uint8))
    return coarse.resize(size, Image.Resampling.BICUBIC)


def night(seed: int) -> Image.Image:
    noise = np.random.default_rng(seed).normal(6, 4, (SIZE[1], SIZE[0], 3))
    return Image.fromarray(np.clip(noise, 0, 255).astype(np.uint8))


def blank(level: int) -> Image.Image:
    return Image.new("RGB", SIZE, (level, level, level))


def blurred(seed: int) -> Image.Image:
    return texture(seed).filter(ImageFilter.GaussianBlur(25))


def lying(image: Image.Image, path: Path) -> None:
    """Store a picture as a camera does that is held upright: the pixels lie, EXIF tells how to turn them."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    image.transpose(Image.Transpose.ROTATE_90).save(path, quality=95, exif=exif)


def absurd(image: Image.Image, path: Path) -> None:
    """Store with EXIF that no camera means: focal lengths over nothing, GPS of junk, a maker's note of 60,000 bytes."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Maker\0\0\n", "M" * 2000
    exif[ExifTags.Base.Orientation] = 9999
    lens = exif.get_ifd(ExifTags.IFD.Exif)
    lens[ExifTags.Base.FocalLength] = 4294967295.0
    lens[ExifTags.Base.FocalLengthIn35mmFilm] = 65535
    lens[ExifTags.Base.MakerNote] = np.random.default_rng(0).bytes(60_000)
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "?", 2: (91.0, 1e9, 0.0), 3: b"\xff\0", 29: "yesterday"})
    image.save(path, quality=95, exif=exif)


def lies(image: Image.Image, path: Path) -> None:
    """Store with a focal length that could be, and is three times too long."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Maker", "Zoom"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.FocalLengthIn35mmFilm] = 110
    image.save(path, quality=95, exif=exif)


def cut_exif(image: Image.Image, path: Path) -> None:
    """Store with EXIF that ends in its first directory, which claims 65,535 entries."""
    image.save(path, quality=95, exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x0f\0\x02\xff\xff")


def circular_exif(image: Image.Image, path: Path) -> None:
    """Store with an EXIF directory that names itself as the next, and as the one for the lens."""
    entry = b"\x87\x69\0\x04\0\0\0\x01\0\0\0\x08"
    image.save(path, quality=95, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01" + entry + b"\0\0\0\x08")


EXIF: dict[str, Callable[[Image.Image, Path], None]] = {
    "lying": lying,
    "absurd": absurd,
    "lies": lies,
    "cut": cut_exif,
    "circular": circular_exif,
}


def write_rubbish(images: Path, outside: Path) -> dict[str, str]:
    """Write what is no photograph, and give the reason by which each is refused, as `refused.csv` names it."""
    whole = images / "whole.jpg"
    texture(99).save(whole)
    content = whole.read_bytes()
    (images / "cut short.jpg").write_bytes(content[: len(content) // 2])
    (images / "a folder.jpg").mkdir()
    (images / "a folder.jpg" / "inside.png").write_bytes(b"")
    os.mkfifo(images / "pipe.jpg")
    (images / "device.jpg").symlink_to("/dev/zero")
    (outside / "out.jpg").write_bytes(content)
    (images / "out.jpg").symlink_to(outside / "out.jpg")
    (images / "new\nline.jpg").write_bytes(content)
    (images / "square.png").write_bytes(claim(20_000, 20_000))
    whole.unlink()
    return {
        "cut short.jpg": "truncated or damaged",
        "a folder.jpg/inside.png": "an empty file, zero bytes",
        "pipe.jpg": "not a regular file",
        "device.jpg": "a link that leaves the collection",
        "out.jpg": "a link that leaves the collection",
        "new\\x0aline.jpg": "the name holds control characters",
        "square.png": "20000 x 20000 pixels, more than prepare.max_pixels = 100000000",
    }
