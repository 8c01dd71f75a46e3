"""What makes a wall half-timbered: posts, rails, braces, shutters and a gable of beams."""

from itertools import pairwise

import numpy as np

from bitscape.collection.sample.parts import beam
from bitscape.collection.sample.shapes import Mesh
from bitscape.collection.sample.surfaces import Kind, Surface
from bitscape.collection.sample.walls import Frame, Opening

Line = tuple[tuple[float, float], tuple[float, float]]
PAINT = ("#4c6b52", "#45634f", "#527058")


def timbers(
    mesh: Mesh,
    rng: np.random.Generator,
    frame: Frame,
    length: float,
    floor: float,
    holes: list[Opening],
    timber: Surface,
    variant: int,
) -> None:
    """Add posts between the windows, rails below them, and the braces of the variant."""
    posts = [0.12, *((a.x + a.width + b.x) / 2 for a, b in pairwise(holes)), length - 0.12]
    for x in posts:
        beam(mesh, frame, (x, 0), (x, floor), timber, (0.24, 0.3, 0.18)[variant])
    rail = (0.72, 0.62, 0.76)[variant]
    for bay, (a, b) in enumerate(pairwise(posts)):
        beam(mesh, frame, (a, rail), (b, rail), timber, (0.16, 0.24, 0.12)[variant], 0.05)
        if variant == 0:
            lines = _crosses(rng, a, b, rail)
        elif variant == 1:
            lines = _studs(rng, a, b, rail)
            if bay in (0, len(posts) - 2):
                lines.append(((a, 0.1), (a + 0.5, floor)) if bay == 0 else ((b, 0.1), (b - 0.5, floor)))
        else:
            lines = _peaks(rng, a, b, rail)
            beam(mesh, frame, (a, floor - 0.36), (b, floor - 0.36), timber, 0.12, 0.05)
        for start, end in lines:
            beam(mesh, frame, start, end, timber, (0.14, 0.2, 0.11)[variant], 0.045)


def _crosses(rng: np.random.Generator, left: float, right: float, rail: float) -> list[Line]:
    """Return braces below a window that rise, fall or cross."""
    style = int(rng.integers(0, 3))
    rising, falling = ((left, 0.05), (right, rail)), ((left, rail), (right, 0.05))
    return [[rising], [falling], [rising, falling]][style]


def _studs(rng: np.random.Generator, left: float, right: float, rail: float) -> list[Line]:
    """Return short uprights below a window, unevenly spaced."""
    places = left + (right - left) * (np.arange(1, 4) / 4 + rng.uniform(-0.06, 0.06, 3))
    return [((float(x), 0.0), (float(x), rail)) for x in places[: int(rng.integers(2, 4))]]


def _peaks(rng: np.random.Generator, left: float, right: float, rail: float) -> list[Line]:
    """Return two braces that meet somewhere below a window, at the rail or at the floor."""
    middle = left + (right - left) * rng.uniform(0.35, 0.65)
    low, high = (0.05, rail) if rng.random() < 0.5 else (rail, 0.05)
    return [((left, low), (middle, high)), ((middle, high), (right, low))]


def shutters(mesh: Mesh, rng: np.random.Generator, frame: Frame, holes: list[Opening], variant: int, seed: int) -> None:
    """Hang shutters beside the windows; one in six is missing."""
    for i, o in enumerate(holes):
        paint = Surface(Kind.WOOD, PAINT[variant], "#1c1c1a", (0.14,), seed + 700 + i)
        for x in (o.x - 0.13 - o.width * 0.22, o.x + o.width + 0.13 + o.width * 0.22):
            if rng.random() > 0.17:
                beam(mesh, frame, (x, o.y - 0.05), (x, o.y + o.height + 0.05), paint, o.width * 0.42, 0.1)


def gable(
    mesh: Mesh,
    rng: np.random.Generator,
    seed: int,
    variant: int,
    frame: Frame,
    width: float,
    rise: float,
    timber: Surface,
) -> None:
    """Add timbers and little windows to the front gable."""
    for share in (0.0, 0.36, 0.68):
        inset = width / 2 * share
        beam(mesh, frame, (inset, rise * share + 0.1), (width - inset, rise * share + 0.1), timber, 0.24)
    for i in range(1, 8):
        x = width * i / 8
        top = rise * (1 - abs(2 * i / 8 - 1))
        if i != 4:
            beam(mesh, frame, (x, 0), (x + rng.uniform(-0.3, 0.3), top), timber, 0.2, 0.05)
    for i, (x, y) in enumerate(((0.5, 0.12), (0.5, 0.45)) if variant != 1 else ((0.4, 0.1), (0.6, 0.1))):
        pane = Surface(Kind.WINDOW, "#465257", "#e4ddd0", (1.0, 1.2, 2, 2), seed + 900 + i)
        low = np.array([[0, 0], [1.0, 0], [1.0, 1.2], [0, 1.2]])
        points = [frame.at(x * width - 0.5 + a, y * rise + 0.15 + b, 0.07) for a, b in low]
        mesh.polygon(points, pane, low)
        edge = [(x * width - 0.5 + a, y * rise + 0.15 + b) for a, b in low]
        for a, b in zip(edge, edge[1:] + edge[:1], strict=True):
            beam(mesh, frame, a, b, timber, 0.16, 0.1)
