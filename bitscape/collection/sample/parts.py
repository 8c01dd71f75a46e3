"""Parts that several kinds of building share: roofs, cornices, columns, stairs, beams, plates."""

from itertools import pairwise

import numpy as np

from bitscape.collection.sample.shapes import Mesh
from bitscape.collection.sample.surfaces import Surface
from bitscape.collection.sample.walls import Frame


def gable_roof(
    mesh: Mesh,
    x: tuple[float, float],
    y: tuple[float, float],
    eaves: float,
    rise: float,
    tiles: Surface,
    ends: Surface,
    overhang: float = 0.4,
) -> None:
    """Add a roof whose ridge runs along y over the rectangle `x`, `y`, with the gables filled by `ends`."""
    middle, slope = (x[0] + x[1]) / 2, rise / ((x[1] - x[0]) / 2)
    low = eaves - overhang * slope
    left, right = x[0] - overhang, x[1] + overhang
    front, back, top = y[0] - overhang, y[1] + overhang, eaves + rise
    for thick in (0.25, 0.0):
        for side, order in ((left, 1), (right, -1)):
            a, b = (side, back, low + thick), (side, front, low + thick)
            c, d = (middle, front, top + thick), (middle, back, top + thick)
            points = [np.array(p) for p in ((a, b, c, d) if order > 0 else (b, a, d, c))]
            mesh.polygon(points, tiles if thick else ends)
    for side in (left, right):
        for end in (front, back):
            edge = [(side, end, low), (middle, end, top), (middle, end, top + 0.25), (side, end, low + 0.25)]
            mesh.polygon([np.array(p) for p in edge], ends)
    for end in (y[0], y[1]):
        mesh.polygon([np.array(p) for p in ((x[0], end, eaves), (x[1], end, eaves), (middle, end, top))], ends)


def cornice(
    mesh: Mesh,
    x: tuple[float, float],
    y: tuple[float, float],
    z: float,
    surface: Surface,
    steps: int = 3,
    reach: float = 0.35,
    height: float = 0.45,
) -> None:
    """Add a stepped band around the rectangle `x`, `y` whose top is at z + height."""
    for i in range(steps):
        out, low = reach * (i + 1) / steps, z + height * i / steps
        mesh.box((x[0] - out, y[0] - out, low), (x[1] + out, y[1] + out, z + height * (i + 1) / steps), surface)


def column(
    mesh: Mesh, centre: tuple[float, float, float], radius: float, height: float, surface: Surface, fluted: bool = True
) -> None:
    """Add a column with base, swelling shaft and capital."""
    x, y, z = centre
    mesh.box(
        (x - 1.35 * radius, y - 1.35 * radius, z), (x + 1.35 * radius, y + 1.35 * radius, z + 0.3 * radius), surface
    )
    mesh.lathe(
        (x, y, z + 0.3 * radius),
        [(1.25 * radius, 0), (1.25 * radius, 0.2 * radius), (radius, 0.5 * radius)],
        surface,
        16,
    )
    top = height - 1.1 * radius
    shaft = [(radius, 0.6 * radius), (0.98 * radius, 0.35 * height), (0.82 * radius, top)]
    mesh.lathe((x, y, z), shaft, surface, 28 if fluted else 16, flute=0.05 if fluted else 0.0)
    mesh.lathe(
        (x, y, z + top), [(0.85 * radius, 0), (0.9 * radius, 0.2 * radius), (1.3 * radius, 0.6 * radius)], surface, 16
    )
    low, high = z + height - 0.55 * radius, z + height
    mesh.box((x - 1.4 * radius, y - 1.4 * radius, low), (x + 1.4 * radius, y + 1.4 * radius, high), surface)


def stairs(
    mesh: Mesh,
    x: tuple[float, float],
    y: tuple[float, float],
    top: float,
    steps: int,
    surface: Surface,
    tread: float = 0.4,
) -> None:
    """Add a stepped base around a rectangle; each step is `tread` wider than the one above."""
    for i in range(steps):
        out = tread * (steps - 1 - i)
        mesh.box((x[0] - out, y[0] - out, top * i / steps), (x[1] + out, y[1] + out, top * (i + 1) / steps), surface)


def beam(
    mesh: Mesh,
    frame: Frame,
    start: tuple[float, float],
    end: tuple[float, float],
    surface: Surface,
    width: float = 0.22,
    out: float = 0.06,
) -> None:
    """Add a timber in front of a wall from `start` to `end` (both in the wall's plane)."""
    along = np.array(end) - np.array(start)
    across = np.array([along[1], -along[0]]) / np.linalg.norm(along) * width / 2
    ring = [np.array(start) - across, np.array(start) + across, np.array(end) + across, np.array(end) - across]
    shift, length = mesh.shift(), float(np.linalg.norm(along))
    uv = np.array([[0, 0], [width, 0], [width, length], [0, length]]) + shift
    back, front = ([frame.at(p[0], p[1], o) for p in ring] for o in (0.0, out))
    mesh.polygon(front, surface, uv)
    for i in range(4):
        mesh.polygon([back[i - 1], back[i], front[i], front[i - 1]], surface, uv)


def disc(mesh: Mesh, frame: Frame, centre: tuple[float, float], radius: float, surface: Surface, out: float) -> None:
    """Add a round plate in front of a wall; its texture is drawn around the centre."""
    angles = 2 * np.pi * np.arange(33) / 32
    ring = [(radius * np.cos(a), radius * np.sin(a)) for a in angles]
    hub = frame.at(*centre, out)
    for (ax, ay), (bx, by) in pairwise(ring):
        points = [hub, frame.at(centre[0] + ax, centre[1] + ay, out), frame.at(centre[0] + bx, centre[1] + by, out)]
        mesh.polygon(points, surface, np.array([[0, 0], [ax, ay], [bx, by]]))
