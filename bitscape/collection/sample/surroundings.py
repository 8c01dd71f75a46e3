"""What every landmark has around it: a paved square in the grass, and woods on the horizon."""

import numpy as np

from bitscape.collection.sample.noise import value_noise
from bitscape.collection.sample.shapes import Mesh
from bitscape.collection.sample.surfaces import Kind, Surface


def surroundings(mesh: Mesh, ground: Surface, seed: int) -> None:
    """Add the ground and the woods on the horizon."""
    far = 160.0
    corners = [np.array(p) for p in ((-far, -far, 0), (far, -far, 0), (far, far, 0), (-far, far, 0))]
    mesh.polygon(corners, ground, np.array([[p[0], p[1]] for p in corners]))
    woods = Surface(Kind.BACKDROP, "#3e5238", "#6f7f63", seed=seed)
    angles = np.linspace(0, 2 * np.pi, 241)
    for layer, radius, height in ((0, 100.0, 7.0), (1, 140.0, 15.0)):
        tops = [
            height * (1 + 0.45 * value_noise(9 * a, layer, 0, seed) + 0.16 * value_noise(70 * a, layer, 1, seed))
            for a in angles[:-1]
        ]
        tops.append(tops[0])
        for i in range(240):
            (ax, ay), (bx, by) = ((radius * np.cos(a), radius * np.sin(a) + 5) for a in angles[i : i + 2])
            ring = ((ax, ay, 0), (bx, by, 0), (bx, by, tops[i + 1]), (ax, ay, tops[i]))
            mesh.polygon([np.array(p) for p in ring], woods)
