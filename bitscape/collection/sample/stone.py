"""Textures of walls: blocks with joints, weathering, plaster that has fallen off."""

import numpy as np
from numba import njit

from bitscape.collection.sample.noise import fractal, hash01


@njit(cache=True)
def cells(u: float, v: float, width: float, height: float, seed: int, ragged: float) -> tuple[int, int, float]:
    """Find the block of a bond with courses of `height` and staggered blocks of uneven width.

    Returns:
        The course, the block in it, and the distance to the nearest joint in metres.
    """
    course = int(np.floor(v / height))
    along = u / width + 0.5 * (course % 2) + hash01(course, 7, 0, seed)
    block = int(np.floor(along))
    left = block + ragged * (hash01(course, block, 1, seed) - 0.5)
    right = block + 1 + ragged * (hash01(course, block + 1, 1, seed) - 0.5)
    if along < left:
        block, right, left = block - 1, left, block - 1 + ragged * (hash01(course, block - 1, 1, seed) - 0.5)
    elif along >= right:
        block, left, right = block + 1, right, block + 2 + ragged * (hash01(course, block + 2, 1, seed) - 0.5)
    rise = v / height - course
    joint = min(min(along - left, right - along) * width, min(rise, 1 - rise) * height)
    return course, block, joint


@njit(cache=True)
def weathering(x: float, y: float, z: float, seed: int, foot: float) -> float:
    """Return the tone of lichen, veins and chips: marks with sharp edges, which can be found again from elsewhere."""
    tone, edge = 1.0, 0.05 + 0.6 * foot
    for octave in range(3):
        wavelength = 1.6 * 0.5**octave
        mark = fractal(x, y, z, seed + 61 + octave, wavelength, 4, foot)
        tone *= 1 - 0.25 * min(1.0, max(0.0, (mark - 0.27) / edge))
        tone *= 1 + 0.18 * min(1.0, max(0.0, (-mark - 0.33) / edge))
    vein = abs(fractal(x, y, 0.7 * z, seed + 71, 2.4, 6, foot))
    return tone * (1 - 0.4 * max(0.0, 1 - vein / (0.02 + 0.4 * foot)) * min(1.0, 0.03 / foot))


@njit(cache=True)
def masonry(u, v, x, y, z, seed, s, foot, out):  # type: ignore[no-untyped-def]
    """Draw blocks: s = colour 1:4, joints 4:7, width 7, height 8, unevenness 9, joint 10."""
    course, block, joint = cells(u, v, s[7], s[8], seed, 0.45)
    tone = 1 + s[9] * (2 * hash01(course, block, 2, seed) - 1)
    if hash01(course, block, 3, seed) < 0.12:
        tone *= 1 - 0.9 * s[9]
    warm = s[9] * 0.35 * (2 * hash01(course, block, 4, seed) - 1)
    grain = 1 + 0.55 * fractal(x, y, z, seed + 11, 0.9, 6, foot)
    stain = 1 + 0.42 * fractal(x * 1.6, y * 1.6, 0.45 * z, seed + 23, 5.0, 6, foot)
    stain *= weathering(x, y, z, seed + 41, foot)
    damp = 1 - 0.35 * np.exp(-max(z, 0.0) / 0.7)
    half = 0.5 * s[10] + 0.006 * fractal(x, y, z, seed + 31, 0.2, 2, foot)
    edge = max(half, 0.35 * foot)
    mix = min(1.0, max(0.0, (edge - joint) / (0.5 * edge) + 0.5)) * min(1.0, s[10] / (0.6 * foot) + 0.15)
    for c in range(3):
        tint = 1 + warm * (1 - c)
        stone = s[1 + c] * tone * tint * grain
        out[c] = (stone * (1 - mix) + s[4 + c] * mix) * stain * damp


@njit(cache=True)
def plaster(u, v, x, y, z, seed, s, foot, out):  # type: ignore[no-untyped-def]
    """Draw rendered wall: s = colour, brick beneath; 7 share of fallen plaster."""
    cloud = fractal(x, y, z, seed, 3.5, 8, foot)
    drip = fractal(3.5 * x, 3.5 * y, 0.35 * z, seed + 5, 2.5, 6, foot)
    fleck = fractal(x, y, z, seed + 9, 0.35, 4, foot)
    bare = fractal(x, y, z, seed + 17, 2.2, 7, foot) > 0.62 - 0.45 * s[7]
    damp = 1 - 0.4 * np.exp(-max(z, 0.0) / 0.6)
    if bare:
        course, block, joint = cells(u, v, 0.26, 0.09, seed, 0.2)
        tone = (0.6 + 0.7 * hash01(course, block, 2, seed)) * (1 + 0.4 * fleck)
        for c in range(3):
            out[c] = s[4 + c] * tone if joint > 0.008 else 0.35 * s[1 + c]
        return
    for c in range(3):
        out[c] = s[1 + c] * (1 + 0.45 * cloud + 0.3 * min(drip, 0.1) + 0.25 * fleck) * damp
