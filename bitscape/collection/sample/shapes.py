"""Triangles with texture coordinates in metres, and the simple shapes that buildings are put together from."""

from dataclasses import dataclass, field

import numpy as np

from bitscape.collection.sample.surfaces import Surface

Point = tuple[float, float, float]


@dataclass
class Mesh:
    """A growing soup of triangles; z is up, fronts face -y, lengths are metres."""

    corners: list[np.ndarray] = field(default_factory=list)
    uvs: list[np.ndarray] = field(default_factory=list)
    owners: list[np.ndarray] = field(default_factory=list)
    rows: list[np.ndarray] = field(default_factory=list)
    _index: dict[Surface, int] = field(default_factory=dict)
    _faces: int = 0

    def copy(self) -> "Mesh":
        """Return a mesh that can grow on its own."""
        return Mesh(self.corners[:], self.uvs[:], self.owners[:], self.rows[:], self._index.copy(), self._faces)

    def triangles(self, corners: np.ndarray, uvs: np.ndarray, surface: Surface) -> None:
        """Add triangles of one surface: corners (k, 3, 3) metres, uvs (k, 3, 2) metres."""
        if surface not in self._index:
            self._index[surface] = len(self.rows)
            self.rows.append(surface.row())
        self.corners.append(corners)
        self.uvs.append(uvs)
        self.owners.append(np.full(len(corners), self._index[surface]))

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return all corners (T, 3, 3) and uvs (T, 3, 2), float64 metres, and owners (T,), int64 indices of `rows`."""
        return np.concatenate(self.corners), np.concatenate(self.uvs), np.concatenate(self.owners)

    def shift(self) -> float:
        """Return a new texture offset, so that no two faces show the same blocks."""
        self._faces += 1
        return 61.7 * self._faces

    def polygon(self, points: list[np.ndarray], surface: Surface, uv: np.ndarray | None = None) -> None:
        """Add a convex polygon: points in order; without `uv` the first edge is the u axis and its height is kept."""
        points = [np.asarray(p, dtype=np.float64) for p in points]
        if uv is None:
            right = points[1] - points[0]
            right = right / np.linalg.norm(right)
            normal = np.cross(right, points[-1] - points[0])
            up = np.cross(normal, right)
            up = up / max(float(np.linalg.norm(up)), 1e-12)
            base, offset = points[0][2] / max(abs(up[2]), 0.2), self.shift()
            uv = np.array([[(p - points[0]) @ right + offset, (p - points[0]) @ up + base] for p in points])
        fan = np.array([(0, i, i + 1) for i in range(1, len(points) - 1)])
        self.triangles(np.array(points)[fan], uv[fan], surface)

    def box(self, low: Point, high: Point, surface: Surface) -> None:
        """Add a box with faces along the axes (the bottom is left out)."""
        (x0, y0, z0), (x1, y1, z1) = low, high
        ring = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
        for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
            self.polygon([np.array(p) for p in ((ax, ay, z0), (bx, by, z0), (bx, by, z1), (ax, ay, z1))], surface)
        self.polygon([np.array((x, y, z1)) for x, y in ring], surface)

    def lathe(
        self,
        centre: Point,
        profile: list[tuple[float, float]],
        surface: Surface,
        sides: int = 24,
        turn: float = 0.0,
        flute: float = 0.0,
    ) -> None:
        """Turn a profile of (radius, height) pairs around a vertical axis: columns, domes, spires, drums.

        Args:
            centre: of the base, metres.
            profile: (radius, height above the centre), from the bottom up, metres.
            surface: the material.
            sides: facets around.
            turn: rotation of the facets, radians.
            flute: share of the radius by which every other facet edge is set back.
        """
        angles = turn + 2 * np.pi * np.arange(sides + 1) / sides
        depth = 1 - flute * (np.arange(sides + 1) % 2)
        radii, heights = np.array(profile, dtype=np.float64).T
        circle = np.stack([depth * np.cos(angles), depth * np.sin(angles)], axis=1)
        rings = np.empty((len(profile), sides + 1, 3))
        rings[:, :, :2] = radii[:, None, None] * circle + centre[:2]
        rings[:, :, 2] = heights[:, None] + centre[2]
        run = np.concatenate([[0], np.cumsum(np.hypot(np.diff(radii), np.diff(heights)))]) + centre[2]
        around = self.shift() + angles * radii.max()
        uvs = np.stack(np.broadcast_arrays(around[None, :], run[:, None]), axis=-1)

        def quads(grid: np.ndarray) -> np.ndarray:
            a, b, c, d = grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]
            return np.stack([a, b, c, a, c, d], axis=2).reshape(-1, 3, grid.shape[-1])

        self.triangles(quads(rings), quads(uvs), surface)

    def ellipsoid(self, centre: Point, radii: Point, surface: Surface, sides: int = 10) -> None:
        """Add an ellipsoid with semi-axes `radii`, metres."""
        steps = np.linspace(-np.pi / 2, np.pi / 2, max(5, sides // 2 + 1))
        self.lathe((0, 0, 0), [(max(np.cos(s), 1e-3), np.sin(s)) for s in steps], surface, sides)
        self.corners[-1] = self.corners[-1] * radii + np.asarray(centre)
