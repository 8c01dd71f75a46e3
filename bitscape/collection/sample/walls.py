"""Walls with recessed, arched openings: windows and doors that cast shadows."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from bitscape.collection.sample.shapes import Mesh
from bitscape.collection.sample.surfaces import Surface

Arch = Literal["flat", "round", "pointed"]
_RISE = {"flat": 0.0, "round": 0.5, "pointed": 0.9}


@dataclass(frozen=True)
class Frame:
    """A vertical plane: origin at its lower left corner, `heading` the angle of its right-hand axis (0: along x)."""

    origin: tuple[float, float, float]
    heading: float = 0.0

    def at(self, x: float, y: float, out: float = 0.0) -> np.ndarray:
        """Return the point `x` to the right, `y` up and `out` in front of the plane, metres."""
        c, s = np.cos(self.heading), np.sin(self.heading)
        return np.array([self.origin[0] + x * c + out * s, self.origin[1] + x * s - out * c, self.origin[2] + y])


@dataclass(frozen=True)
class Opening:
    """A hole in a wall, with what stands in it. Lengths in metres, `x`, `y` the lower left corner in the wall."""

    x: float
    y: float
    width: float
    height: float
    panel: Surface
    arch: Arch = "flat"
    depth: float = 0.3
    trim: Surface | None = None
    band: float = 0.18

    def outline(self, grow: float = 0.0) -> list[tuple[float, float]]:
        """Return the edge from the lower left over the arch to the lower right, grown outwards by `grow`."""
        half, centre = self.width / 2 + grow, self.x + self.width / 2
        rise = _RISE[self.arch] * (self.width + 2 * grow)
        spring = self.y + self.height - _RISE[self.arch] * self.width + (grow if self.arch == "flat" else 0.0)
        if self.arch == "flat":
            arc = [(-half, spring), (half, spring)]
        else:
            steps = np.linspace(-1, 1, 13)
            power = 2.0 if self.arch == "round" else 1.35
            arc = [(half * s, spring + rise * (1 - abs(s) ** power) ** (1 / power)) for s in steps]
        points = [(-half, self.y), *arc, (half, self.y)]
        return [(centre + dx, y) for dx, y in points]


def wall(mesh: Mesh, frame: Frame, width: float, height: float, surface: Surface, openings: list[Opening]) -> None:
    """Add a rectangular wall, cut the openings out of it and set their panels back into it."""
    offset = mesh.shift()

    def piece(points: list[tuple[float, float]]) -> None:
        uv = np.array([[x + offset, y + frame.origin[2]] for x, y in points])
        mesh.polygon([frame.at(x, y) for x, y in points], surface, uv)

    xs = sorted({0.0, width, *(o.x for o in openings), *(o.x + o.width for o in openings)})
    ys = sorted({0.0, height, *(o.y for o in openings), *(o.y + o.height for o in openings)})
    for x0, x1 in pairwise(xs):
        for y0, y1 in pairwise(ys):
            x, y = (x0 + x1) / 2, (y0 + y1) / 2
            if not any(o.x < x < o.x + o.width and o.y < y < o.y + o.height for o in openings):
                piece([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    for o in openings:
        edge, top = o.outline(), o.y + o.height
        if o.arch != "flat":
            for a, b in pairwise(edge):
                corner = (o.x, top) if a[0] + b[0] < 2 * o.x + o.width else (o.x + o.width, top)
                piece([corner, a, b])
        _fill(mesh, frame, o, edge, surface)


def _fill(mesh: Mesh, frame: Frame, o: Opening, edge: list[tuple[float, float]], surface: Surface) -> None:
    """Add the reveal, the panel and the raised band around an opening."""
    reveal = o.trim or surface
    for (ax, ay), (bx, by) in pairwise(edge):
        mesh.polygon(
            [frame.at(ax, ay), frame.at(bx, by), frame.at(bx, by, -o.depth), frame.at(ax, ay, -o.depth)], reveal
        )
    sill = [frame.at(*p) for p in (edge[0], edge[-1])]
    mesh.polygon([*sill, frame.at(*edge[-1], -o.depth), frame.at(*edge[0], -o.depth)], reveal)
    hub = (o.x + o.width / 2, o.y + 0.3 * o.height)
    for a, b in zip(edge, edge[1:] + edge[:1], strict=True):
        uv = np.array([[p[0] - o.x, p[1] - o.y] for p in (hub, a, b)])
        mesh.polygon([frame.at(*p, -o.depth) for p in (hub, a, b)], o.panel, uv)
    if o.trim is None:
        return
    outer, out = o.outline(o.band), 0.07
    for i in range(len(edge) - 1):
        mesh.polygon(
            [
                frame.at(*outer[i], out),
                frame.at(*outer[i + 1], out),
                frame.at(*edge[i + 1], out),
                frame.at(*edge[i], out),
            ],
            o.trim,
        )
        mesh.polygon(
            [frame.at(*outer[i]), frame.at(*outer[i + 1]), frame.at(*outer[i + 1], out), frame.at(*outer[i], out)],
            o.trim,
        )
        mesh.polygon(
            [frame.at(*edge[i], out), frame.at(*edge[i + 1], out), frame.at(*edge[i + 1]), frame.at(*edge[i])], o.trim
        )
