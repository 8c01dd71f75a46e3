"""A ribbed dome on a drum with windows, and its lantern."""

from itertools import pairwise

import numpy as np

from bitscape.collection.sample.shapes import Mesh
from bitscape.collection.sample.surfaces import Kind, Surface
from bitscape.collection.sample.walls import Frame, Opening, wall

_DRUM = ((5.6, 4.2), (6.4, 3.2), (5.0, 5.2))


def dome(
    mesh: Mesh,
    variant: int,
    seed: int,
    base: tuple[float, float, float],
    ashlar: Surface,
    white: Surface,
    copper: Surface,
) -> None:
    """Add the drum with its windows, the ribbed dome and the lantern."""
    x, y, z = base
    radius, tall = _DRUM[variant]
    bays = (12, 10, 16)[variant]
    mesh.box((x - radius - 1, y - radius - 1, z), (x + radius + 1, y + radius + 1, z + 1.2), ashlar)
    edge = 2 * radius * np.tan(np.pi / bays)
    for bay in range(bays):
        heading = 2 * np.pi * (bay + 0.5) / bays
        c, s = np.cos(heading), np.sin(heading)
        origin = (x + radius * s - edge / 2 * c, y - radius * c - edge / 2 * s, z + 1.2)
        wide = 0.42 * edge
        glass = Surface(Kind.WINDOW, "#3f4c55", "#e4ddd0", (wide, tall - 1.6, 2, 4), seed + 300 + bay)
        frame = Frame(origin, heading)
        wall(
            mesh,
            frame,
            edge,
            tall,
            ashlar,
            [Opening((edge - wide) / 2, 0.8, wide, tall - 1.6, glass, "round", 0.3, white)],
        )
        corner = frame.at(0, 0)
        mesh.lathe((corner[0], corner[1], z + 1.2), [(0.26, 0), (0.22, tall)], white, 10)
    ring = radius / np.cos(np.pi / bays)
    mesh.lathe((x, y, z + 1.2 + tall), [(ring + 0.1, 0), (ring + 0.5, 0.3), (ring + 0.5, 0.6), (ring, 0.6)], white, 48)
    top, rise = z + 1.8 + tall, radius * (1.05, 0.8, 1.25)[variant]
    steps = np.linspace(0, 1.42, 12)
    mesh.lathe((x, y, top), [(radius * float(np.cos(a)), rise * float(np.sin(a))) for a in steps], copper, 64)
    for rib in range(bays):
        angle = 2 * np.pi * rib / bays
        for a, b in pairwise(steps):
            for spread in (-0.11, 0.11):
                near, far = (
                    [
                        x + (radius * np.cos(t) + g) * np.cos(angle) - w * np.sin(angle),
                        y + (radius * np.cos(t) + g) * np.sin(angle) + w * np.cos(angle),
                        top + rise * np.sin(t) + g,
                    ]
                    for t, g, w in ((a, 0.12, spread), (b, 0.12, spread))
                )
                inner = [
                    x + radius * np.cos(b) * np.cos(angle),
                    y + radius * np.cos(b) * np.sin(angle),
                    top + rise * np.sin(b),
                ]
                outer = [
                    x + radius * np.cos(a) * np.cos(angle),
                    y + radius * np.cos(a) * np.sin(angle),
                    top + rise * np.sin(a),
                ]
                mesh.polygon([np.array(p) for p in (outer, near, far, inner)], copper)
    lantern = top + rise * np.sin(1.42)
    mesh.lathe((x, y, lantern), [(0.95, 0), (0.95, 0.3), (0.7, 0.3), (0.7, 2.0), (1.0, 2.0), (1.0, 2.3)], white, 12)
    mesh.lathe((x, y, lantern + 2.3), [(0.85, 0), (0.6, 0.7), (0.08, 1.1), (0.05, 2.6)], copper, 12)
