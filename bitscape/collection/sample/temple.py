"""Temples: a stepped base, a ring of columns, a gabled roof with figures in the pediment."""

import numpy as np

from bitscape.collection.sample.parts import column, cornice, gable_roof, stairs
from bitscape.collection.sample.shapes import Mesh
from bitscape.collection.sample.surfaces import Kind, Surface
from bitscape.collection.sample.walls import Frame, Opening, wall

_COLUMNS = ((6, 8, 0.62, 7.0), (8, 9, 0.5, 7.4), (6, 7, 0.72, 6.2))
_WIDTH = (16.0, 18.5, 15.0)


def temple(mesh: Mesh, variant: int, seed: int) -> None:
    """Add one of three temples (`variant` 0 to 2); `seed` chooses its stones."""
    rng = np.random.default_rng([seed, 5])
    marble = Surface(Kind.PLAIN, ("#cfc5b2", "#c9c1b3", "#d2c6ad")[variant], "#8c7d66", seed=seed)
    blocks = Surface(
        Kind.MASONRY, "#cabfaa", "#8d8372", (1.1 - 0.2 * variant, 0.5 + 0.08 * variant, 0.42, 0.03), seed + 1
    )
    tiles = Surface(Kind.TILES, "#b0714e", "#7d7a55", (0.5, 0.6, 0.2, 0.1), seed + 2)
    across, deep, radius, height = _COLUMNS[variant]
    half, length, base = _WIDTH[variant] / 2, 24.0, (1.4, 1.1, 1.7)[variant]
    stairs(mesh, (-half - 0.9, half + 0.9), (-0.9, length + 0.9), base, (4, 3, 5)[variant], blocks, 0.42)
    joint = (60.0, (0.95, 1.2, 0.8)[variant], 0.42, 0.03)
    drums = [Surface(Kind.MASONRY, marble.colour, "#8d8372", joint, seed + 100 + i) for i in range(across + 2 * deep)]
    paint = Surface(Kind.PLASTER, ("#a8503c", "#9f5745", "#ad5a3a")[variant], "#cabfaa", (0.6,), seed + 3)
    places = [(float(x), 0.0) for x in np.linspace(-half, half, across)]
    places += [(float(x), float(y)) for y in np.linspace(0, length, deep)[1:] for x in (-half, half)]
    for place, stone in zip(places, drums, strict=False):
        column(mesh, (*place, base), radius, height, stone)
    _cella(mesh, variant, seed, half - 2.6, length, base, height, marble)
    top = base + height
    x, y = (-half - radius, half + radius), (-radius, length + radius)
    mesh.box((x[0], y[0], top), (x[1], y[1], top + 0.75), blocks)
    mesh.box((x[0] + 0.08, y[0] + 0.08, top + 0.75), (x[1] - 0.08, y[1] - 0.08, top + 1.5), paint)
    count = (17, 23, 13)[variant]
    for place in np.linspace(x[0] + 0.3, x[1] - 0.3, count):
        w = 0.22 + 0.05 * rng.random()
        mesh.box((place - w, y[0] - 0.08, top + 0.8), (place + w, y[0] + 0.2, top + 1.46), marble)
        _relief(mesh, rng, place + (x[1] - x[0]) / 2 / count, y[0] + 0.08, top + 1.12, marble)
    for place in np.linspace(y[0] + 0.4, y[1] - 0.4, 24):
        for side in (x[0] - 0.08, x[1] - 0.12):
            mesh.box((side, place - 0.25, top + 0.8), (side + 0.2, place + 0.25, top + 1.46), marble)
    cornice(mesh, x, y, top + 1.5, marble, 3, 0.5, 0.4)
    rise = (3.4, 3.2, 3.8)[variant]
    gable_roof(mesh, (x[0] - 0.4, x[1] + 0.4), (y[0] + 0.3, y[1] - 0.3), top + 1.9, rise, tiles, paint, 0.35)
    _ruins(mesh, rng, seed, half, drums)
    _pediment(mesh, rng, half, y[0] + 0.3, top + 1.95, rise, marble)


def _cella(
    mesh: Mesh,
    variant: int,
    seed: int,
    half: float,
    length: float,
    base: float,
    height: float,
    marble: Surface,
) -> None:
    """Add the walled room behind the columns, with its door."""
    fresco = Surface(Kind.PLASTER, ("#dcbc86", "#d8b78a", "#dfc28e")[variant], "#8a7d68", (0.55,), seed + 4)
    door = Surface(Kind.WOOD, ("#6b4a2b", "#614429", "#70502f")[variant], "#20160e", (0.45,), seed + 7)
    wide, tall = (2.6, 2.2, 3.0)[variant], height * (0.72, 0.66, 0.78)[variant]
    holes = [Opening(half - wide / 2, 0.0, wide, tall, door, "flat", 0.4, marble, 0.35)]
    if variant == 1:
        grille = Surface(Kind.WINDOW, "#3b3f3d", "#7c6a4a", (1.2, 1.8, 3, 4), seed + 8)
        holes += [Opening(half + s * half * 0.62 - 0.6, 2.4, 1.2, 1.8, grille, "flat", 0.3, marble) for s in (-1, 1)]
    wall(mesh, Frame((-half, 3.4, base)), 2 * half, height, fresco, holes)
    for frame in (Frame((half, 3.4, base), np.pi / 2), Frame((-half, length - 2, base), -np.pi / 2)):
        wall(mesh, frame, length - 5.4, height, fresco, [])


def _ruins(mesh: Mesh, rng: np.random.Generator, seed: int, half: float, stones: list[Surface]) -> None:
    """Scatter fallen drums, blocks and pedestals with urns on both sides of the steps."""
    for i in range(12):
        stone, side = stones[i], (-1) ** i
        x, y = side * (0.35 * half + rng.uniform(0, 0.9) * half), rng.uniform(-6.5, -3.2)
        wide, tall = rng.uniform(0.35, 0.75), rng.uniform(0.4, 1.3)
        painted = Surface(Kind.PLASTER, "#b0614a", "#cabfaa", (1.0,), seed + 200 + i)
        shape = i % 3
        if shape == 0:
            mesh.lathe((x, y, 0), [(wide, 0), (0.95 * wide, tall), (0.01, tall)], stone, 18)
        elif shape == 1:
            mesh.box((x - wide, y - 0.4, 0), (x + wide, y + 0.4, 0.7 * tall), painted)
        else:
            mesh.box((x - 0.4, y - 0.4, 0), (x + 0.4, y + 0.4, 0.9), stone)
            mesh.lathe((x, y, 0.9), [(0.2, 0), (0.38, 0.35), (0.3, 0.6), (0.15, 0.75), (0.28, 0.95)], painted, 14)


def _relief(mesh: Mesh, rng: np.random.Generator, x: float, y: float, z: float, marble: Surface) -> None:
    """Add a group of rounded shapes between two triglyphs, unlike any other."""
    for _ in range(int(rng.integers(1, 5))):
        wide, tall = rng.uniform(0.05, 0.24), rng.uniform(0.06, 0.3)
        at = (x + rng.uniform(-0.2, 0.2), y, z + rng.uniform(-0.5, 0.5) * (0.6 - 2 * tall))
        mesh.ellipsoid(at, (wide, 0.09, tall), marble, 8)


def _pediment(
    mesh: Mesh, rng: np.random.Generator, half: float, y: float, base: float, rise: float, marble: Surface
) -> None:
    """Add figures in the gable, taller towards the middle, and ornaments on its corners."""
    for x in np.linspace(-0.72 * half, 0.72 * half, int(rng.integers(7, 11))):
        room = 0.78 * rise * (1 - abs(x) / (half + 1.0))
        tall, lean = room * rng.uniform(0.75, 1.0), rng.uniform(-0.25, 0.25)
        mesh.ellipsoid((x, y, base + 0.42 * tall), (0.3 + 0.1 * rng.random(), 0.28, 0.42 * tall), marble)
        mesh.ellipsoid((x + lean, y - 0.1, base + 0.88 * tall), (0.19, 0.2, 0.2), marble, 8)
        mesh.ellipsoid((x + 2 * lean, y - 0.1, base + 0.6 * tall), (0.35, 0.14, 0.12), marble, 8)
    for x, z in ((-half - 0.8, base), (half + 0.8, base), (0.0, base + rise)):
        mesh.lathe((x, y, z + 0.2), [(0.35, 0), (0.2, 0.25), (0.45, 0.7 + 0.3 * rng.random()), (0.05, 1.4)], marble, 10)
