"""Half-timbered town houses: a gabled front with beams, shutters, a tiled roof, chimneys and a lower wing."""

import numpy as np

from bitscape.collection.sample.parts import gable_roof
from bitscape.collection.sample.shapes import Mesh
from bitscape.collection.sample.surfaces import Kind, Surface
from bitscape.collection.sample.timbering import PAINT, gable, shutters, timbers
from bitscape.collection.sample.walls import Frame, Opening, wall

_FRONT = ((11.0, 3, 6.5), (12.0, 3, 7.5), (10.0, 4, 5.5))
_WINDOWS = (4, 5, 3)


def house(mesh: Mesh, variant: int, seed: int) -> None:
    """Add one of three houses (`variant` 0 to 2); `seed` chooses plaster, timbers and curtains."""
    rng = np.random.default_rng([seed, 6])
    width, storeys, rise = _FRONT[variant]
    plaster = Surface(
        Kind.PLASTER, ("#dccfae", "#d9c9a4", "#e0d4ba")[variant], "#a0583e", ((0.12, 0.25, 0.05)[variant],), seed
    )
    timber = Surface(Kind.WOOD, "#5b3d28", "#1d130c", (0.0,), seed + 1)
    plinth = Surface(Kind.MASONRY, "#9a948a", "#6c675f", (0.6 + 0.1 * variant, 0.3, 0.35, 0.04), seed + 2)
    tiles = Surface(Kind.TILES, "#a65238", "#6b6a45", (0.24, 0.3, 0.3, (0.05, 0.2, 0.12)[variant]), seed + 3)
    half, depth, floor = width / 2, 13.0, (2.9, 3.15, 2.75)[variant]
    for storey in range(storeys):
        grow = 0.22 * storey
        x, z = (-half - grow, half + grow), storey * floor
        walls = [
            (Frame((x[0], -grow, z)), x[1] - x[0]),
            (Frame((x[1], -grow, z), np.pi / 2), depth + grow),
            (Frame((x[0], depth, z), -np.pi / 2), depth + grow),
        ]
        for side, (frame, length) in enumerate(walls):
            skin = plinth if storey == 0 and variant != 2 else plaster
            holes = _openings(rng, variant, seed + 50 * storey + 500 * side, length, storey == 0 and side == 0, timber)
            wall(mesh, frame, length, floor, skin, holes)
            if skin is plaster:
                timbers(mesh, rng, frame, length, floor, holes, timber, variant)
            if storey > 0:
                shutters(mesh, rng, frame, holes, variant, seed)
        mesh.box((x[0] - 0.05, -grow - 0.1, z + floor - 0.12), (x[1] + 0.05, depth, z + floor + 0.12), timber)
    grow = 0.22 * (storeys - 1)
    x, eaves = (-half - grow, half + grow), storeys * floor + 0.12
    gable_roof(mesh, x, (-grow, depth), eaves, rise, tiles, plaster, 0.55)
    gable(mesh, rng, seed, variant, Frame((x[0], -grow, eaves)), x[1] - x[0], rise, timber)
    for _ in range(2):
        cx, cy = rng.uniform(-0.6, 0.6) * half, rng.uniform(3, 9)
        top = eaves + rise + rng.uniform(0.3, 1.2)
        brick = Surface(Kind.MASONRY, "#8f4f3c", "#b0a494", (0.25, 0.09, 0.3, 0.012), seed + 5)
        mesh.box((cx - 0.5, cy - 0.4, eaves), (cx + 0.5, cy + 0.4, top), brick)
        mesh.box((cx - 0.62, cy - 0.52, top), (cx + 0.62, cy + 0.52, top + 0.25), plinth)
    _wing(mesh, rng, variant, seed, half, plaster, plinth, timber, tiles)


def _openings(
    rng: np.random.Generator, variant: int, seed: int, length: float, door: bool, timber: Surface
) -> list[Opening]:
    """Place windows, and on the ground floor of the front a door, in one storey."""
    count, holes = max(2, round(_WINDOWS[variant] * length / 11)), []
    for i in range(count):
        x, wide = (i + 0.5) * length / count, (1.15, 0.95, 1.5)[variant]
        if door and i == (1, 3, 1)[variant]:
            leaf = Surface(Kind.WOOD, PAINT[variant], "#15100c", (0.22,), seed + 30)
            holes.append(Opening(x - 0.65, 0.1, 1.3, 2.3, leaf, ("round", "flat", "flat")[variant], 0.35, timber, 0.2))
            continue
        tall = (1.5, 1.7, 1.35)[variant]
        glass = Surface(
            Kind.WINDOW, "#4d5a60", "#e4ddd0", (wide, tall, (2, 2, 3)[variant], (3, 2, 2)[variant]), seed + i
        )
        shift = 0.08 * rng.uniform(-1, 1)
        holes.append(Opening(x - wide / 2 + shift, 0.85, wide, tall, glass, "flat", 0.16, timber, 0.12))
    return holes


def _wing(
    mesh: Mesh,
    rng: np.random.Generator,
    variant: int,
    seed: int,
    half: float,
    plaster: Surface,
    plinth: Surface,
    timber: Surface,
    tiles: Surface,
) -> None:
    """Add a lower house beside the main one, on the side that the variant has it."""
    sign, wide, tall = (1, -1, 1)[variant], (6.0, 7.0, 8.0)[variant], (4.4, 3.6, 5.2)[variant]
    x = (half, half + wide) if sign > 0 else (-half - wide, -half)
    for side, (frame, length) in enumerate(
        (
            (Frame((x[0], 1.5, 0)), wide),
            (Frame((x[1], 1.5, 0), np.pi / 2), 9.0),
            (Frame((x[0], 10.5, 0), -np.pi / 2), 9.0),
        )
    ):
        holes = _openings(rng, variant, seed + 2000 + 100 * side, length, False, timber)
        wall(mesh, frame, length, tall, plinth if variant == 2 else plaster, holes)
    gable_roof(mesh, x, (1.5, 10.5), tall, 3.0 + 0.5 * variant, tiles, plaster, 0.4)
