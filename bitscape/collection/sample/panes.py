"""Textures with a drawing on them: panes with frames and curtains, stained glass, clock faces."""

import numpy as np
from numba import njit

from bitscape.collection.sample.noise import fractal, hash01


@njit(cache=True)
def window(u, v, seed, s, foot, out):  # type: ignore[no-untyped-def]
    """Draw panes in a frame: s = glass, frame; 7 width, 8 height, 9 columns, 10 rows of panes.

    Each window has its own curtain, blind, dirt and, now and then, an open or a dark pane.
    """
    column, row = u / s[7] * s[9], v / s[8] * s[10]
    i, j = int(np.floor(column)), int(np.floor(row))
    bar = min(
        min(column - i, 1 - column + i) * s[7] / s[9],
        min(row - j, 1 - row + j) * s[8] / s[10],
    )
    border = min(min(u, s[7] - u), min(v, s[8] - v))
    if bar < 0.035 or border < 0.08:
        tone = 0.85 + 0.3 * fractal(u, v, 0.0, seed, 0.5, 4, foot)
        for c in range(3):
            out[c] = s[4 + c] * tone
        return
    style, height = hash01(1, 0, 0, seed), v / s[8]
    sheen = 0.4 + 1.5 * max(0.0, height - 0.25) * hash01(2, 0, 0, seed)
    sheen += 0.9 * fractal(u + 0.7 * v, v, 0.0, seed + 4, 1.6, 4, foot) + 0.5 * hash01(i, j, 5, seed)
    side = abs(2 * u / s[7] - 1)
    cloth = 0.0
    if style < 0.45 and side > 0.35 + 0.5 * hash01(3, 0, 0, seed) - 0.15 * height:
        cloth = 0.55 + 0.3 * np.sin(24 * u + 9 * hash01(4, 0, 0, seed))
    elif 0.45 <= style < 0.7 and height > 0.35 + 0.5 * hash01(3, 0, 0, seed):
        cloth = 0.6 + 0.2 * np.sin(90 * v)
    elif style >= 0.85 and height < 0.3 + 0.2 * np.sin(9 * u + 20 * style):
        cloth = 0.25
    hue = hash01(6, 0, 0, seed)
    for c in range(3):
        fabric = 0.28 + 0.3 * hash01(7, c, 0, seed) if hue < 0.5 else 0.5
        out[c] = s[1 + c] * max(0.25, sheen) * (1 - cloth) + fabric * cloth


@njit(cache=True)
def stained_glass(u, v, seed, s, out):  # type: ignore[no-untyped-def]
    """Draw leaded cells, dark as seen from outside: s = glass, stone bars; 7 width, 8 bars, 9 cell size."""
    lane = u / s[7] * s[8]
    if abs(lane - np.round(lane)) * s[7] / s[8] < 0.07:
        for c in range(3):
            out[c] = s[4 + c]
        return
    x, y = u / s[9], v / s[9]
    first, second, ci, cj = 9.0, 9.0, 0, 0
    for i in range(int(np.floor(x)) - 1, int(np.floor(x)) + 2):
        for j in range(int(np.floor(y)) - 1, int(np.floor(y)) + 2):
            d = (i + hash01(i, j, 0, seed) - x) ** 2 + (j + hash01(i, j, 1, seed) - y) ** 2
            if d < first:
                first, second, ci, cj = d, first, i, j
            elif d < second:
                second = d
    lead = np.sqrt(second) - np.sqrt(first) < 0.12
    for c in range(3):
        glow = 0.25 + 1.6 * hash01(ci, cj, 2 + c, seed) * hash01(ci, cj, 6, seed)
        out[c] = 0.02 if lead else s[1 + c] * glow


@njit(cache=True)
def clock(u, v, seed, s, out):  # type: ignore[no-untyped-def]
    """Draw a dial around (0, 0): s = dial, hands; 7 radius. The time shown comes from the seed."""
    r, angle = np.sqrt(u * u + v * v) / s[7], np.arctan2(u, v)
    hour = angle / (2 * np.pi) * 12
    mark = abs(hour - np.round(hour)) < 0.09 and 0.68 < r < 0.9
    dark = mark or r > 0.95 or abs(r - 0.62) < 0.015
    minute = 2 * np.pi * hash01(1, 0, 0, seed)
    for length, turn in ((0.78, minute), (0.5, 2 * np.pi * hash01(2, 0, 0, seed))):
        along, across = np.sin(turn) * u + np.cos(turn) * v, np.cos(turn) * u - np.sin(turn) * v
        if 0 < along < length * s[7] and abs(across) < 0.05 * s[7]:
            dark = True
    for c in range(3):
        out[c] = s[4 + c] if dark else s[1 + c]
