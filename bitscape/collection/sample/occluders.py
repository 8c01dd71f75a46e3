"""What stands in front of a building in one photograph and not in the next: people, trees, lamp posts."""

import numpy as np

from bitscape.collection.sample.cameras import Camera
from bitscape.collection.sample.shapes import Mesh
from bitscape.collection.sample.surfaces import Kind, Surface

_COATS = ("#31445f", "#7b2f2f", "#c9c2b4", "#3d4a3a", "#b58a3d", "#2a2a2e", "#5e4b66", "#8b9aa5", "#a8543d")
_TROUSERS = ("#2b3550", "#3a3a3c", "#5a4c3c", "#6f6a5e", "#243028", "#1f2024")
_HAIR = ("#2a1d14", "#6b4a2a", "#b8b0a4", "#c9a25c", "#40302a")
_SKIN = ("#e0b090", "#c98f6a", "#8d5f42", "#6a4530")
_LEAVES = (("#4c6a2c", "#7d8f3e"), ("#3c5a30", "#5d7a45"), ("#8a7a2e", "#a35c2a"))


def person(mesh: Mesh, x: float, y: float, rng: np.random.Generator) -> None:
    """Add a walking or standing figure of 1.5 to 1.9 m in a coat or a jacket."""
    tall, turn, seed = rng.uniform(1.5, 1.9), rng.uniform(0, np.pi), int(rng.integers(1 << 30))
    stripes = float(rng.uniform(0.2, 0.5)) if rng.random() < 0.2 else 0.0
    coat = Surface(Kind.CLOTH, str(rng.choice(_COATS)), str(rng.choice(_COATS)), (stripes,), seed)
    legs = Surface(Kind.CLOTH, str(rng.choice(_TROUSERS)), "#222222", (0.0,), seed + 1)
    skin = Surface(Kind.CLOTH, str(rng.choice(_SKIN)), "#222222", (0.0,), seed + 2)
    hair = Surface(Kind.CLOTH, str(rng.choice(_HAIR)), "#222222", (0.0,), seed + 3)
    dx, dy, stride = np.cos(turn), np.sin(turn), rng.uniform(0.02, 0.12)
    hem, seat = rng.choice((0.32, 0.46, 0.47)), np.array((x, y, 0.0))
    for sign in (-1, 1):
        step = sign * stride * np.array((-dy, dx, 0.0))
        hip, shoulder = sign * 0.085 * np.array((dx, dy, 0.0)), sign * 0.205 * np.array((dx, dy, 0.0))
        limb(mesh, seat + hip + (0, 0, 0.52 * tall), seat + hip + step + (0, 0, 0.02), 0.085, 0.055, legs)
        hand = seat + 1.15 * shoulder - step + (0, 0, 0.43 * tall)
        limb(mesh, seat + shoulder + (0, 0, 0.795 * tall), hand, 0.06, 0.042, coat)
        mesh.ellipsoid((hand[0], hand[1], hand[2] - 0.05), (0.04, 0.04, 0.07), skin, 6)
    outline = [(0.17, hem), (0.155, 0.6), (0.185, 0.74), (0.175, 0.79), (0.09, 0.825), (0.055, 0.84)]
    mesh.lathe((0, 0, 0), [(r, h * tall) for r, h in outline], coat, 14)
    body = mesh.corners[-1] * (1.15, 0.72, 1.0)
    mesh.corners[-1] = body @ np.array([[dx, dy, 0], [-dy, dx, 0], [0, 0, 1]]) + seat
    mesh.lathe((x, y, 0.81 * tall), [(0.052, 0), (0.05, 0.09)], skin, 8)
    mesh.ellipsoid((x, y, 0.925 * tall), (0.075, 0.085, 0.068 * tall), skin)
    mesh.ellipsoid((x + 0.012 * dy, y + 0.018, 0.95 * tall), (0.083, 0.09, 0.056 * tall), hair)


def limb(mesh: Mesh, top: np.ndarray, bottom: np.ndarray, wide: float, narrow: float, surface: Surface) -> None:
    """Add an arm or a leg between two points, each (3,) metres, with its radii in metres."""
    length = float(top[2] - bottom[2])
    mesh.lathe(
        (0, 0, 0),
        [(narrow, 0), ((wide + narrow) / 2, 0.55 * length), (wide, 0.92 * length), (0.01, length)],
        surface,
        10,
    )
    lean = (top - bottom) / length
    mesh.corners[-1] = mesh.corners[-1] * (1, 1, 0) + mesh.corners[-1][:, :, 2:] * lean + bottom


def tree(mesh: Mesh, x: float, y: float, rng: np.random.Generator) -> None:
    """Add a tree of 4 to 8 m: a trunk, branches, and a crown of some thousand leaves."""
    tall, seed = rng.uniform(4.5, 8.0), int(rng.integers(1 << 30))
    bark = Surface(Kind.WOOD, "#5a4c3c", "#2a2119", (0.0,), seed)
    leaf = Surface(Kind.FOLIAGE, *_LEAVES[int(rng.choice(3, p=(0.45, 0.45, 0.1)))], seed=seed + 1)
    mesh.lathe((x, y, 0), [(0.05 * tall * 0.6, 0), (0.02 * tall, 0.25 * tall), (0.01 * tall, 0.8 * tall)], bark, 8)
    for _ in range(int(rng.integers(6, 10))):
        angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(0.05, 0.2) * tall
        middle = np.array([x + reach * np.cos(angle), y + reach * np.sin(angle), rng.uniform(0.45, 0.85) * tall])
        spread = rng.uniform(0.1, 0.17) * tall
        away, a, b = rng.normal(size=(3, 190, 3))
        away *= spread * rng.uniform(0.5, 1.0, (190, 1)) / np.linalg.norm(away, axis=1, keepdims=True)
        a *= 0.17 / np.linalg.norm(a, axis=1, keepdims=True)
        b *= 0.13 / np.linalg.norm(b, axis=1, keepdims=True)
        leaves = middle + away * (1, 1, 0.8)
        halves = [np.stack([leaves - a, leaves + sign * b, leaves + a], axis=1) for sign in (1, -1)]
        mesh.triangles(np.concatenate(halves), np.zeros((380, 3, 2)), leaf)


def lamp(mesh: Mesh, x: float, y: float, rng: np.random.Generator) -> None:
    """Add a lamp post of 3.5 to 5 m."""
    tall = rng.uniform(3.5, 5.0)
    iron = Surface(Kind.CLOTH, "#2b3330", "#222222", (0.0,), int(rng.integers(1 << 30)))
    glass = Surface(Kind.CLOTH, "#e8e0c8", "#222222", (0.0,), 1)
    mesh.lathe((x, y, 0), [(0.16, 0), (0.14, 0.5), (0.065, 0.6), (0.05, tall)], iron, 10)
    mesh.lathe((x, y, tall), [(0.1, 0), (0.22, 0.45)], glass, 6)
    mesh.lathe((x, y, tall + 0.45), [(0.28, 0), (0.1, 0.2), (0.02, 0.35)], iron, 6)


def occluders(mesh: Mesh, camera: Camera, rng: np.random.Generator) -> dict[str, range]:
    """Add what one photograph has in front of the building.

    Args:
        mesh: gets the new triangles.
        camera: people and trees are put between it and the building.
        rng: chooses what and where.

    Returns:
        The rows of surfaces that belong to "people", "tree" and "lamp post".
    """
    centre, forward = camera.centre, camera.R[2] * (1, 1, 0)
    forward /= np.linalg.norm(forward)
    right, distance = np.array([forward[1], -forward[0], 0.0]), float(np.hypot(*centre[:2]))
    kinds = {
        "people": (person, int(rng.integers(1, 7)), (0.25, 0.72), 0.5),
        "tree": (tree, int(rng.random() < 0.55) + int(rng.random() < 0.1), (0.4, 0.65), 0.5),
        "lamp post": (lamp, int(rng.random() < 0.4), (0.3, 0.65), 0.42),
    }
    rows = {}
    for name, (add, count, (near, far), spread) in kinds.items():
        first = len(mesh.rows)
        for _ in range(count):
            depth = rng.uniform(near, far) * distance
            side = rng.uniform(-spread, spread) * 1.05
            if name == "tree":
                side = np.sign(side) * rng.uniform(0.36, 0.58)
            place = centre + forward * depth + right * side * depth
            add(mesh, float(place[0]), float(place[1]), rng)
        rows[name] = range(first, len(mesh.rows))
    return rows
