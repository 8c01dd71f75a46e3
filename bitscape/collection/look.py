"""What a photograph looks like from afar: a perceptual hash to search by, and a thumbnail to confirm with."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

ENOUGH = 512  # pixels of the shorter side; of larger photographs only every so many pixels are looked at
SIDE = 32  # of the picture that is transformed
COARSE = 8  # its lowest frequencies, so many squared, are hashed
THUMBNAIL = 16
FLAT = 4.0  # grey levels of standard deviation; what varies less is blank, and its hash would be noise
BITS = COARSE * COARSE


@dataclass(frozen=True)
class Look:
    """What remains of a photograph when it is saved anew, made smaller or a little brighter.

    Attributes:
        hash: 8 bytes, the 64 bits of the perceptual hash.
        thumbnail: 256 bytes, 16 x 16 grey pixels.
    """

    hash: bytes
    thumbnail: bytes


def look(rgb: NDArray[np.uint8]) -> Look | None:
    """Hash a photograph by the signs of its lowest frequencies ("pHash").

    The grey picture, 32 x 32, goes through a discrete cosine transform. A bit tells whether one of the 8 x 8 lowest
    frequencies is above their median; the first, which is the brightness, is left 0.

    Args:
        rgb: (H, W, 3) uint8.

    Returns:
        Its look; None where the photograph is nearly blank, and so like any other that is.
    """
    from scipy.fft import dctn

    step = max(1, min(rgb.shape[:2]) // ENOUGH)
    small = Image.fromarray(np.ascontiguousarray(rgb[::step, ::step])).resize((SIDE, SIDE), Image.Resampling.BOX)
    grey = np.asarray(small.convert("L"), np.float64)
    if grey.std() < FLAT:
        return None
    frequencies = dctn(grey, norm="ortho")[:COARSE, :COARSE].ravel()[1:]
    bits = np.append(False, frequencies > np.median(frequencies))
    ratio = SIDE // THUMBNAIL
    thumbnail = grey.reshape(THUMBNAIL, ratio, THUMBNAIL, ratio).mean((1, 3)).round().astype(np.uint8)
    return Look(np.packbits(bits).tobytes(), thumbnail.tobytes())
