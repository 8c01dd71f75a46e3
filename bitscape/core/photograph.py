"""Any photograph as upright 8-bit RGB."""

import struct
import warnings
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from bitscape.core.errors import BitscapeError

MEND = "mend or replace it, and run it again."
STRIP = 512  # rows copied at once
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")

# Pillow has a limit of its own, global and half a warning. Ours is a parameter, checked on the header.
Image.MAX_IMAGE_PIXELS = None

# What Pillow has to remark on odd metadata says nothing of the pixels.
warnings.filterwarnings("ignore", module=r"PIL\.")

# What a decoder may raise on damaged bytes. OSError, ValueError, SyntaxError and TypeError were seen in 72,000 mutated
# files; the others are what indexing, unpacking and dividing by a header's numbers can lead to.
DAMAGED = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


class UnknownRangeError(ValueError):
    """A sound picture whose numbers do not say what is black and what is white."""


def open_photograph(path: Path) -> NDArray[np.uint8]:
    """Open a JPEG, PNG, WebP or TIFF, told by its content, as upright RGB.

    The EXIF rotation is applied, grey and palettes become RGB, 16-bit grey is scaled to 8 bits, transparency
    is laid on white, and of several frames the first is taken.

    Args:
        path: the file.

    Returns:
        (H, W, 3) uint8.

    Raises:
        BitscapeError: naming the file and why it is not a photograph.
    """
    if path.exists() and not path.is_file():  # opening a pipe would wait for someone to write
        raise BitscapeError(f"{path} is not a photograph that can be opened: not a regular file; {MEND}")
    try:
        with Image.open(path, formats=FORMATS) as image:
            return decode(image)
    except DAMAGED as error:
        raise BitscapeError(f"{path} is not a photograph that can be opened: {reason(error)}; {MEND}") from error


def decode(image: Image.Image) -> NDArray[np.uint8]:
    """Decode the first frame of an opened picture.

    Args:
        image: as Pillow opened it.

    Returns:
        (H, W, 3) uint8, upright RGB, C-contiguous.

    Raises:
        Exception: one of `DAMAGED`, where the file is.
    """
    image.load()
    image = _upright(image)
    if image.mode.startswith("I;16"):
        grey = np.asarray(image).astype(np.uint32)
        return np.repeat(((grey + 128) // 257).astype(np.uint8)[..., None], 3, axis=2)
    if image.mode in ("I", "F"):
        raise UnknownRangeError("pixels of 32 bits, whose black and white are not known; save it with 8 or 16 bits")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return _array(image if image.mode == "RGB" else image.convert("RGB"))


def _upright(image: Image.Image) -> Image.Image:
    """Apply the EXIF rotation; an EXIF block that cannot be read rotates nothing."""
    with suppress(*DAMAGED):
        ImageOps.exif_transpose(image, in_place=True)  # a copy of 100 million pixels would be 400 MB more
    return image


def _array(image: Image.Image) -> NDArray[np.uint8]:
    """Copy RGB pixels strip by strip: Pillow hands out a whole picture by way of two more copies of it."""
    width, height = image.size
    rgb = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, STRIP):
        bottom = min(top + STRIP, height)
        rgb[top:bottom] = np.asarray(image.crop((0, top, width, bottom)))
    return rgb


def reason(error: BaseException) -> str:
    """Tell why a file could not be opened, without paths and addresses: equal on every machine.

    Args:
        error: one of `DAMAGED`.

    Returns:
        A phrase without a full stop.
    """
    if isinstance(error, UnidentifiedImageError):
        return "not a JPEG, PNG, WebP or TIFF picture"
    if isinstance(error, MemoryError):
        return "too large for the memory of this machine"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    told = " ".join(str(error).split())
    if isinstance(error, UnknownRangeError):
        return told
    return f"truncated or damaged: {told}" if told and " at 0x" not in told else "truncated or damaged"
