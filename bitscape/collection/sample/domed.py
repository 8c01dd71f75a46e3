"""Domed halls: two storeys of windows between pilasters, a portico, and a ribbed dome on a drum."""

import numpy as np

from bitscape.collection.sample.dome import dome
from bitscape.collection.sample.parts import column, cornice, gable_roof, stairs
from bitscape.collection.sample.shapes import Mesh
from bitscape.collection.sample.surfaces import Kind, Surface
from bitscape.collection.sample.walls import Arch, Frame, Opening, wall

_BAYS = (9, 7, 11)
_WIDTH = (27.0, 25.0, 29.0)


def domed_hall(mesh: Mesh, variant: int, seed: int) -> None:
    """Add one of three domed halls (`variant` 0 to 2); `seed` chooses its stones and curtains."""
    ashlar = Surface(
        Kind.MASONRY,
        ("#c9c0ae", "#cfc3a9", "#c3bdb1")[variant],
        "#8f8878",
        ((1.0, 0.42), (0.7, 0.33), (1.4, 0.55))[variant] + (0.28, 0.022),
        seed,
    )
    rough = Surface(
        Kind.MASONRY, "#aaa193", "#6d675e", ((0.9, 0.55), (1.3, 0.7), (0.7, 0.45))[variant] + (0.36, 0.06), seed + 1
    )
    white = Surface(Kind.PLAIN, "#ded6c6", "#a3967f", seed=seed + 2)
    copper = Surface(Kind.COPPER, "#5f9482", "#49645a", ((1.4, 2.0, 1.0)[variant],), seed + 3)
    half, depth, ground, upper = _WIDTH[variant] / 2, 16.0, 4.6, 5.2
    for level, (z, tall, skin) in enumerate(((0.0, ground, rough), (ground, upper, ashlar))):
        for side, (frame, length) in enumerate(
            (
                (Frame((-half, 0, z)), 2 * half),
                (Frame((half, 0, z), np.pi / 2), depth),
                (Frame((-half, depth, z), -np.pi / 2), depth),
            )
        ):
            bays = _BAYS[variant] if side == 0 else _BAYS[variant] // 2 + 1
            wall(
                mesh,
                frame,
                length,
                tall,
                skin,
                _windows(variant, seed + 400 * level + 60 * side, level, length, bays, white),
            )
            if level == 1:
                _pilasters(mesh, frame, length, bays, tall, white)
    cornice(mesh, (-half, half), (0, depth), ground - 0.2, white, 2, 0.25, 0.4)
    cornice(mesh, (-half, half), (0, depth), ground + upper, white, 4, 0.6, 0.8)
    _balustrade(mesh, seed, half, depth, ground + upper + 0.8, white)
    _portico(mesh, variant, seed, ground + upper, white, ashlar)
    dome(mesh, variant, seed, (0.0, depth / 2, ground + upper + 0.8), ashlar, white, copper)


def _windows(variant: int, seed: int, level: int, length: float, bays: int, trim: Surface) -> list[Opening]:
    """Place one window in each bay."""
    holes, pitch = [], length / bays
    wide, tall = min(1.5, 0.5 * pitch), (2.0, 2.9)[level]
    arch: Arch = (("flat", "round"), ("round", "flat"), ("flat", "flat"))[variant][level]
    for bay in range(bays):
        grid = ((2, 4), (3, 3), (2, 5))[variant]
        glass = Surface(
            Kind.WINDOW, "#44525c", ("#e9e4d8", "#e2dccd", "#dedbd2")[variant], (wide, tall, *grid), seed + bay
        )
        holes.append(
            Opening((bay + 0.5) * pitch - wide / 2, 1.3, wide, tall, glass, arch, 0.35, trim, 0.16 + 0.08 * level)
        )
    return holes


def _pilasters(mesh: Mesh, frame: Frame, length: float, bays: int, tall: float, stone: Surface) -> None:
    """Add flat columns between the bays."""
    for bay in range(bays + 1):
        x = min(max(bay * length / bays, 0.3), length - 0.3)
        for w, low, high, out in (
            (0.28, 0.0, tall, 0.16),
            (0.36, 0.0, 0.4, 0.22),
            (0.36, tall - 0.5, tall - 0.1, 0.22),
        ):
            front = [(x - w, low), (x + w, low), (x + w, high), (x - w, high)]
            mesh.polygon([frame.at(*p, out) for p in front], stone)
            for a, b in zip(front, front[1:] + front[:1], strict=True):
                mesh.polygon([frame.at(*a), frame.at(*b), frame.at(*b, out), frame.at(*a, out)], stone)


def _balustrade(mesh: Mesh, seed: int, half: float, depth: float, z: float, stone: Surface) -> None:
    """Add a parapet with posts, and statues on some of them."""
    rng = np.random.default_rng([seed, 7])
    mesh.box((-half, 0, z), (half, depth, z + 0.15), stone)
    for y in (0.0, depth - 0.3):
        mesh.box((-half, y, z + 0.75), (half, y + 0.3, z + 0.95), stone)
    for x in (-half, half - 0.3):
        mesh.box((x, 0, z + 0.75), (x + 0.3, depth, z + 0.95), stone)
    for x in np.arange(-half, half, 0.42):
        mesh.lathe((x + 0.15, 0.15, z + 0.15), [(0.07, 0), (0.12, 0.2), (0.06, 0.6)], stone, 6)
    for x in np.linspace(-half + 0.3, half - 0.3, int(rng.integers(6, 10))):
        mesh.box((x - 0.3, -0.05, z), (x + 0.3, 0.45, z + 1.1), stone)
        if rng.random() < 0.75 and abs(x) > 5:
            tall = rng.uniform(1.6, 2.1)
            mesh.ellipsoid((x, 0.2, z + 1.1 + 0.4 * tall), (0.28, 0.24, 0.42 * tall), stone)
            mesh.ellipsoid((x, 0.2, z + 1.1 + 0.9 * tall), (0.15, 0.16, 0.18), stone, 8)
            mesh.ellipsoid((x + rng.uniform(-0.3, 0.3), 0.1, z + 1.1 + 0.65 * tall), (0.35, 0.1, 0.1), stone, 8)


def _portico(mesh: Mesh, variant: int, seed: int, top: float, white: Surface, ashlar: Surface) -> None:
    """Add steps, columns and a pediment before the entrance."""
    count, half, out = (6, 4, 8)[variant], (5.2, 4.4, 6.2)[variant], 3.2
    stairs(mesh, (-half - 0.5, half + 0.5), (-out - 0.6, 0.0), 0.9, 5, ashlar, 0.38)
    for i, x in enumerate(np.linspace(-half, half, count)):
        shaft = Surface(Kind.PLAIN, white.colour, white.accent, seed=seed + 800 + i)
        column(mesh, (float(x), -out + 0.4, 0.9), 0.44, top - 1.9, shaft, fluted=variant != 1)
    mesh.box((-half - 0.6, -out - 0.15, top - 1.0), (half + 0.6, 0.0, top), white)
    cornice(mesh, (-half - 0.6, half + 0.6), (-out - 0.15, 0.0), top, white, 3, 0.35, 0.4)
    gable_roof(mesh, (-half - 0.8, half + 0.8), (-out, 1.0), top + 0.4, 2.0 + 0.3 * variant, ashlar, ashlar, 0.25)
    door = Surface(Kind.WOOD, ("#54402c", "#4b3928", "#5c4630")[variant], "#15100b", (0.4,), seed + 9)
    for x in (-0.9, -3.0, 1.2) if variant == 2 else (-0.9,):
        mesh.box((x - 0.25, -0.2, 0.9), (x + 2.05, 0.0, 4.6), white)
        mesh.box((x, -0.24, 0.9), (x + 1.8, 0.0, 4.3), door)
