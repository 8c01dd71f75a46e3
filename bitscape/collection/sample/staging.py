"""What each photograph of a landmark shows, before anything is rendered: camera, light and passers-by."""

from dataclasses import dataclass

import numpy as np

from bitscape.collection.sample.cameras import Camera, cameras
from bitscape.collection.sample.landmarks import LANDMARKS
from bitscape.collection.sample.light import TIMES, Light, daylight
from bitscape.collection.sample.occluders import occluders
from bitscape.collection.sample.shapes import Mesh


@dataclass(frozen=True)
class Shot:
    """One photograph to be taken.

    Attributes:
        mesh: landmark, surroundings and what stands in front.
        static: the first so many surface rows of the mesh are landmark and surroundings.
        blockers: the surface rows of "people", "tree" and "lamp post".
        camera: where from.
        light: the time of day.
    """

    mesh: Mesh
    static: int
    blockers: dict[str, range]
    camera: Camera
    light: Light


def stage(name: str, seed: int, count: int, width: int, height: int) -> list[Shot]:
    """Set up `count` photographs of a landmark, `width` x `height` pixels; equal arguments give equal shots."""
    landmark, number = LANDMARKS[name], list(LANDMARKS).index(name)
    rng = np.random.default_rng([seed, number])
    building = landmark.scene(100_000 * (seed + 1) + 7_919 * number)
    views = cameras(landmark, count, width, height, rng)
    times = rng.permutation([TIMES[i % len(TIMES)] for i in range(count)])
    shots = []
    for view, time in zip(views, times, strict=True):
        mesh = building.copy()
        blockers = occluders(mesh, view, rng)
        shots.append(Shot(mesh, len(building.rows), blockers, view, daylight(str(time), rng)))
    return shots
