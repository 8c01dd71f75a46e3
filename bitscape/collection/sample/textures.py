"""Procedural textures, evaluated where a ray hits: the colour of stone, plaster, tiles, wood and glass at a point."""

import numpy as np
from numba import njit

from bitscape.collection.sample.noise import fractal, hash01
from bitscape.collection.sample.panes import clock, stained_glass, window
from bitscape.collection.sample.stone import cells, masonry, plaster, weathering


@njit(cache=True)
def _tiles(u, v, x, y, z, seed, s, foot, out):  # type: ignore[no-untyped-def]
    """Draw roof tiles: s = colour, moss; 7 width, 8 height, 9 unevenness, 10 share of moss."""
    course, block, _ = cells(u, v, s[7], s[8], seed, 0.08)
    rise = v / s[8] - course
    tone = 1 + s[9] * (2 * hash01(course, block, 2, seed) - 1)
    if hash01(course, block, 5, seed) < 0.06:
        tone *= 0.55
    seen = min(1.0, s[8] / (2.5 * foot))
    tone *= 1 - 0.55 * seen * max(0.0, 1 - rise / 0.28)
    tone *= 1 + 0.4 * fractal(x, y, z, seed + 3, 1.2, 6, foot)
    moss = fractal(x, y, z, seed + 13, 4.0, 8, foot) + s[10] - 0.55
    mix = min(0.85, max(0.0, 4 * moss))
    for c in range(3):
        out[c] = (s[1 + c] * (1 - mix) + s[4 + c] * mix) * tone


@njit(cache=True)
def _wood(u, v, x, y, z, seed, s, foot, out):  # type: ignore[no-untyped-def]
    """Draw planks along v: s = colour, gaps; 7 width of a plank (0: one beam)."""
    width = s[7] if s[7] > 0 else 1e3
    plank = int(np.floor(u / width))
    gap = min(u / width - plank, 1 - u / width + plank) * width
    tone = 0.75 + 0.5 * hash01(plank, 0, 0, seed)
    tone *= 1 + 0.5 * fractal(6 * x, 6 * y, 0.8 * z, seed + plank, 0.8, 5, foot)
    tone *= 1 + 0.4 * fractal(x, y, z, seed + 40, 1.5, 6, foot)
    for c in range(3):
        out[c] = s[1 + c] * tone if gap > 0.012 else s[4 + c]


@njit(cache=True)
def _ground(x, y, z, seed, s, foot, out):  # type: ignore[no-untyped-def]
    """Draw a paved square that frays into grass: s = paving, grass; 7, 8 slab, 9 radius of the square."""
    grass = fractal(x, y, 0.0, seed + 1, 9.0, 8, foot)
    radius = np.sqrt(x * x + (y + 6.0) ** 2)
    if radius + 5.0 * grass > s[9]:
        tone = 1 + 0.55 * grass + 0.6 * fractal(x, y, 0.0, seed + 2, 0.7, 6, foot)
        dry = max(0.0, fractal(x, y, 0.0, seed + 4, 14.0, 7, foot))
        out[0], out[1], out[2] = s[4] * (tone + 0.9 * dry), s[5] * (tone + 0.35 * dry), s[6] * tone
        return
    turn = 0.3 + 0.5 * hash01(0, 0, 9, seed)
    u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    course, block, joint = cells(u + 500.0, v + 500.0, s[7], s[8], seed, 0.5)
    tone = 0.7 + 0.6 * hash01(course, block, 2, seed)
    tone *= 1 + 0.5 * fractal(x, y, 0.0, seed + 3, 4.0, 8, foot)
    if joint < 0.02:
        tone *= 0.5
    for c in range(3):
        out[c] = s[1 + c] * tone


@njit(cache=True)
def _soft(u, v, x, y, z, seed, s, foot, out):  # type: ignore[no-untyped-def]
    """Draw leaves, cloth, copper, woods on the horizon and plain stone: fractal mixtures of two colours."""
    kind = int(s[0])
    mix, tone = 0.0, 1.0
    if kind == 8:
        tone = 0.55 + 0.9 * hash01(int(np.floor(7 * x)), int(np.floor(7 * y)), int(np.floor(7 * z)), seed)
        mix = min(1.0, max(0.0, 0.5 + 1.3 * fractal(x, y, z, seed, 1.5, 4, foot)))
    elif kind == 9:
        seam = abs(u / s[7] - np.round(u / s[7])) * s[7]
        mix = min(1.0, max(0.0, 0.35 + 1.1 * fractal(2 * x, 2 * y, 0.6 * z, seed, 3.0, 8, foot)))
        tone = 1 + 0.4 * fractal(x, y, z, seed + 2, 0.6, 5, foot)
        panel = hash01(int(np.round(u / s[7])), int(np.floor(v / 1.3)), 0, seed)
        tone *= (0.8 + 0.35 * panel) * (0.6 if seam < 0.04 else 1.0)
    elif kind == 12:
        mix = min(1.0, max(0.0, 0.5 + 1.2 * fractal(x, y, z, seed, 16.0, 7, foot)))
        tone = 1 + 0.5 * fractal(x, y, z, seed + 2, 5.0, 6, foot)
    elif kind == 11:
        mix = 1.0 if hash01(int(np.floor(9 * z)), 0, 0, seed) < s[7] else 0.0
        tone = 1 + 0.3 * fractal(x, y, z, seed, 0.3, 4, foot)
    else:
        tone = (1 + 0.35 * fractal(x, y, z, seed, 0.8, 7, foot)) * weathering(x, y, z, seed, foot)
        mix = min(0.5, max(0.0, 0.8 * fractal(x, y, z, seed + 2, 1.7, 8, foot)))
    for c in range(3):
        out[c] = (s[1 + c] * (1 - mix) + s[4 + c] * mix) * tone


@njit(cache=True)
def albedo(points: np.ndarray, uvs: np.ndarray, owners: np.ndarray, rows: np.ndarray, foot: np.ndarray) -> np.ndarray:
    """Evaluate the textures at hit points.

    Args:
        points: (n, 3) float64, metres.
        uvs: (n, 2) float64, metres on the surface.
        owners: (n,) int64, the row of each point's surface.
        rows: (S, 12) float64, `Surface.row()`.
        foot: (n,) float64, width of a pixel at the point, metres.

    Returns:
        (n, 3) float64, reflected share of red, green, blue light in [0.005, 0.95].
    """
    result = np.empty((len(points), 3))
    out = np.empty(3)
    for i in range(len(points)):
        s = rows[owners[i]]
        kind, seed, f = int(s[0]), int(s[11]), foot[i]
        u, v, x, y, z = uvs[i, 0], uvs[i, 1], points[i, 0], points[i, 1], points[i, 2]
        if kind == 1:
            masonry(u, v, x, y, z, seed, s, f, out)
        elif kind == 2:
            plaster(u, v, x, y, z, seed, s, f, out)
        elif kind == 3:
            _tiles(u, v, x, y, z, seed, s, f, out)
        elif kind == 4:
            _wood(u, v, x, y, z, seed, s, f, out)
        elif kind == 5:
            window(u, v, seed, s, f, out)
        elif kind == 6:
            stained_glass(u, v, seed, s, out)
        elif kind == 7:
            _ground(x, y, z, seed, s, f, out)
        elif kind == 10:
            clock(u, v, seed, s, out)
        else:
            _soft(u, v, x, y, z, seed, s, f, out)
        for c in range(3):
            result[i, c] = min(0.95, max(0.005, out[c]))
    return result
