"""Which files are photographs fit for the collection, looked at on every core."""

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from bitscape.collection.look import Look, look
from bitscape.core.photograph import DAMAGED, FORMATS, decode, reason
from bitscape.core.progress import follow

# Raw files are TIFF by content, but what would be decoded is a thumbnail.
RAW = frozenset([".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".raf", ".rw2"])
THREADS = min(8, os.cpu_count() or 1)  # each holds one decoded photograph


@dataclass(frozen=True)
class Facts:
    """What the collection knows of one photograph.

    Attributes:
        width: pixels, upright.
        height: pixels, upright.
        sha256: of the file's bytes, hexadecimal.
        pixels: SHA-256 of the size and the upright RGB pixels, hexadecimal.
        look: for finding near-duplicates; None if it is nearly blank.
    """

    width: int
    height: int
    sha256: str
    pixels: str
    look: Look | None = None


def check(path: Path, min_side: int, max_pixels: int) -> Facts | str:
    """Decide whether a file is a photograph for the collection.

    Args:
        path: the file.
        min_side: pixels; a photograph with a shorter side is refused.
        max_pixels: a photograph with more is refused from its header, without decoding it.

    Returns:
        Its facts, or the reason of the refusal.
    """
    try:
        if path.stat().st_size == 0:
            return "an empty file, zero bytes"
        if path.suffix.lower() in RAW:
            return "a camera's raw file; export it as JPEG or TIFF"
        with Image.open(path, formats=FORMATS) as image:
            width, height = image.size
            if width * height > max_pixels:
                return f"{width} x {height} pixels, more than prepare.max_pixels = {max_pixels}"
            if min(width, height) < min_side:
                return f"{width} x {height} pixels, a side below prepare.min_side = {min_side}"
            rgb = decode(image)
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except DAMAGED as error:
        return reason(error)
    height, width = rgb.shape[:2]
    pixels = hashlib.sha256(f"{width} {height} ".encode())
    pixels.update(rgb.data)
    return Facts(width, height, sha256, pixels.hexdigest(), look(rgb))


def inspect(
    folder: Path, images: Sequence[str], min_side: int, max_pixels: int
) -> tuple[dict[str, Facts], dict[str, str]]:
    """Decode every picture once.

    Threads are enough: decoding and hashing leave Python's lock.

    Args:
        folder: where the pictures are.
        images: names below `folder`.
        min_side: pixels, see `check`.
        max_pixels: see `check`.

    Returns:
        The facts of each photograph, and the reason of each refusal, both in the order of `images`.
    """
    facts: dict[str, Facts] = {}
    refused: dict[str, str] = {}
    with ThreadPoolExecutor(THREADS) as pool:
        found = pool.map(lambda name: check(folder / name, min_side, max_pixels), images)
        for name, result in zip(images, follow(found, "read photographs", len(images)), strict=True):
            if isinstance(result, Facts):
                facts[name] = result
            else:
                refused[name] = result
    return facts, refused
