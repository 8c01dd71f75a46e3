"""Churches: a nave with buttresses, a west tower with belfry and spire."""

import numpy as np

from bitscape.collection.sample.parts import cornice, disc, gable_roof, stairs
from bitscape.collection.sample.shapes import Mesh
from bitscape.collection.sample.surfaces import Kind, Surface
from bitscape.collection.sample.walls import Arch, Frame, Opening, wall

_STONE = (("#c2a67d", (0.75, 0.36)), ("#b99f7a", (0.52, 0.27)), ("#c8ae88", (0.95, 0.45)))
_TOWER = ((6.4, 17.5, 11.0), (7.0, 15.5, 14.0), (6.8, 19.0, 7.5))
_NAVE = ((14.0, 8.5, 7.0, 4), (15.0, 7.5, 6.0, 5), (13.0, 9.5, 7.5, 3))


def church(mesh: Mesh, variant: int, seed: int) -> None:
    """Add one of three churches (`variant` 0 to 2); `seed` chooses its stones."""
    colour, blocks = _STONE[variant]
    stone = Surface(Kind.MASONRY, colour, "#8d7f68", (*blocks, 0.28, 0.03), seed)
    fine = Surface(Kind.MASONRY, "#d6c3a1", "#9c8c72", (1.1, 0.5, 0.14, 0.015), seed + 1)
    slate = Surface(Kind.TILES, "#59616c", "#5d6a4a", (0.34, 0.28, 0.25, 0.1), seed + 2)
    arch: Arch = ("pointed", "pointed", "round")[variant]
    width, height, spire = _TOWER[variant]
    _nave(mesh, variant, seed, stone, fine, slate, arch)
    half, front, back = width / 2, -1.5, width - 1.5
    door = Surface(Kind.WOOD, ("#5a3b24", "#513622", "#633f26")[variant], "#1a120c", (0.3,), seed + 3)
    louvre = Surface(Kind.TILES, "#4d4136", "#3a352f", (4.0, 0.3, 0.2, 0.0), seed + 4)
    sides = [
        Frame((-half, front, 0)),
        Frame((half, front, 0), np.pi / 2),
        Frame((-half, back, 0), -np.pi / 2),
        Frame((half, back, 0), np.pi),
    ]
    for index, frame in enumerate(sides):
        glass = Surface(Kind.STAINED_GLASS, "#5a6f9a", "#b7a482", (1.9, 2 + variant % 2, 0.32), seed + 10 + index)
        holes = []
        if index == 0:
            holes.append(Opening(half - 1.3, 0.5, 2.6, 4.4, door, arch, 0.8, fine, 0.5))
            holes.append(Opening(half - 0.95, 6.3, 1.9, 3.6, glass, arch, 0.4, fine, 0.25))
        else:
            holes.append(Opening(half - 0.4, 5.5 + index, 0.8, 2.2, glass, arch, 0.4, fine))
        lights = (2, 1, 3)[variant]
        for i in range(lights):
            wide = (1.3, 2.2, 0.95)[variant]
            x = half + (i - (lights - 1) / 2) * (wide + 0.5) - wide / 2
            holes.append(Opening(x, height - 4.6, wide, 3.4, louvre, arch, 0.5, fine))
        wall(mesh, frame, width, height, stone, holes)
        if variant != 1:
            dial = Surface(
                Kind.CLOCK,
                ("#e8e0cc", "#000000", "#20355c")[variant],
                ("#1d1a17", "#000000", "#d8b54a")[variant],
                (1.05,),
                seed + 20 + index,
            )
            disc(mesh, frame, (half, height - 6.1), 1.05, dial, 0.12)
    for level in (0.0, 5.6 + 0.4 * variant, height - 7.6 + variant):
        cornice(mesh, (-half, half), (front, back), level, fine, 2, 0.2, 0.35 if level else 0.6)
    cornice(mesh, (-half, half), (front, back), height, fine, 3, 0.45, 0.6)
    turn, sides_of_spire = ((np.pi / 8, 8), (np.pi / 8, 8), (np.pi / 4, 4))[variant]
    foot = half * (1.05 if sides_of_spire == 8 else 1.5)
    mesh.lathe(
        (0, (front + back) / 2, height + 0.6),
        [(foot, 0), (foot * 0.72, 0.2 * spire), (0.08, spire)],
        slate,
        sides_of_spire,
        turn,
    )
    mesh.box(
        (-0.06, (front + back) / 2 - 0.06, height + spire),
        (0.06, (front + back) / 2 + 0.06, height + spire + 2.4),
        fine,
    )
    mesh.box(
        (-0.55, (front + back) / 2 - 0.06, height + spire + 1.5),
        (0.55, (front + back) / 2 + 0.06, height + spire + 1.7),
        fine,
    )
    if variant < 2:
        for x in (-half, half):
            for y in (front, back):
                mesh.box((x - 0.5, y - 0.5, height), (x + 0.5, y + 0.5, height + 2.0), fine)
                mesh.lathe((x, y, height + 2.0), [(0.75, 0), (0.03, 2.2 + variant)], fine, 4, np.pi / 4)
    stairs(mesh, (-2.2, 2.2), (front - 0.9, front), 0.5, 3, fine)


def _nave(mesh: Mesh, variant: int, seed: int, stone: Surface, fine: Surface, slate: Surface, arch: Arch) -> None:
    """Add the nave behind the tower, with its windows, buttresses and roof."""
    width, eaves, rise, bays = _NAVE[variant]
    half, length, start = width / 2, 20.0, 2.5
    pitch = length / bays
    for index, frame in enumerate((Frame((half, start, 0), np.pi / 2), Frame((-half, start + length, 0), -np.pi / 2))):
        holes = []
        for bay in range(bays):
            wide = min(2.2, 0.45 * pitch)
            glass = Surface(
                Kind.STAINED_GLASS,
                "#62799a",
                "#b7a482",
                (wide, 2 + (bay + variant) % 2, 0.25 + 0.04 * bay),
                seed + 40 + 20 * index + bay,
            )
            holes.append(Opening((bay + 0.5) * pitch - wide / 2, 1.8, wide, eaves - 3.2, glass, arch, 0.45, fine, 0.22))
        wall(mesh, frame, length, eaves, stone, holes)
        for post in range(bays + 1):
            y, sign = start + post * pitch, 1 - 2 * index
            near, far = sorted((sign * half, sign * (half + 1.1)))
            mesh.box((near, y - 0.4, 0), (far, y + 0.4, eaves * 0.55), stone)
            near, far = sorted((sign * half, sign * (half + 0.6)))
            mesh.box((near, y - 0.35, 0), (far, y + 0.35, eaves * 0.82), stone)
    for sign in (-1, 1):
        side = half - _TOWER[variant][0] / 2
        x = -half if sign < 0 else _TOWER[variant][0] / 2
        glass = Surface(Kind.STAINED_GLASS, "#5a6f9a", "#b7a482", (1.1, 1, 0.28), seed + 90 + sign)
        hole = Opening(side / 2 - 0.55, 2.0, 1.1, 3.2 + 0.5 * variant, glass, arch, 0.4, fine)
        wall(mesh, Frame((x, start, 0)), side, eaves, stone, [hole])
    gable_roof(mesh, (-half, half), (start, start + length), eaves, rise, slate, stone)
