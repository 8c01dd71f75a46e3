"""What a surface is made of: the kinds of procedural texture and the row of numbers that each part of a scene has."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np


class Kind(IntEnum):
    """The procedural textures; `textures.albedo` draws them."""

    PLAIN = 0
    MASONRY = 1
    PLASTER = 2
    TILES = 3
    WOOD = 4
    WINDOW = 5
    STAINED_GLASS = 6
    GROUND = 7
    FOLIAGE = 8
    COPPER = 9
    CLOCK = 10
    CLOTH = 11
    BACKDROP = 12


@dataclass(frozen=True)
class Surface:
    """One material of a scene.

    Attributes:
        kind: the texture.
        colour: main colour, "#rrggbb" as seen (sRGB).
        accent: second colour: mortar, frame, moss, exposed brick.
        size: up to four numbers of the texture, metres or counts; see the texture.
        seed: chooses the pattern; equal seeds draw equal patterns.
    """

    kind: Kind
    colour: str
    accent: str = "#808080"
    size: tuple[float, ...] = ()
    seed: int = 0

    def row(self) -> np.ndarray:
        """Return the numbers for the compiled textures: float64 (12,)."""
        size = (*self.size, 0.0, 0.0, 0.0, 0.0)[:4]
        return np.array([self.kind, *linear(self.colour), *linear(self.accent), *size, self.seed], dtype=np.float64)


def linear(colour: str) -> np.ndarray:
    """Convert "#rrggbb" from sRGB to linear light: float64 (3,) in [0, 1]."""
    encoded = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
