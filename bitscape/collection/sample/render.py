"""From a mesh, a camera and a light to a picture: rays by Open3D on the CPU, no window system and no OpenGL."""

from dataclasses import dataclass

import numpy as np
import open3d as o3d

from bitscape.collection.sample.cameras import Camera
from bitscape.collection.sample.light import Light, sky, towards_sky, towards_sun
from bitscape.collection.sample.shapes import Mesh
from bitscape.collection.sample.soften import soften
from bitscape.collection.sample.surfaces import Kind
from bitscape.collection.sample.textures import albedo

_SAMPLES = 2  # per pixel and axis
_SKY_RAYS = 2  # per sample
_HAZE = 700.0  # metres


@dataclass(frozen=True)
class Hits:
    """What rays met: positions (n, 3), texture coordinates (n, 2), surface rows (n,), normals (n, 3); n met something.

    `met` (rays,) bool says which rays they are, `distance` (rays,) float64 how far (infinite where nothing was met).
    """

    met: np.ndarray
    distance: np.ndarray
    points: np.ndarray
    uvs: np.ndarray
    owners: np.ndarray
    normals: np.ndarray


class Scene:
    """A mesh made ready for rays.

    Args:
        mesh: of at least one triangle.
        static: the first so many surface rows belong to the landmark and the ground.
    """

    def __init__(self, mesh: Mesh, static: int) -> None:
        self.rows = np.array(mesh.rows)
        self.static = static
        triangles, self._uvs, self._owners = mesh.arrays()
        corners = triangles.astype(np.float32).reshape(-1, 3)
        self._rays = o3d.t.geometry.RaycastingScene()
        order = np.arange(len(corners), dtype=np.uint32).reshape(-1, 3)
        self._rays.add_triangles(_tensor(corners), _tensor(order))

    def cast(self, origins: np.ndarray, directions: np.ndarray) -> Hits:
        """Follow rays to what they meet first; origins (n, 3) or (3,), directions (n, 3)."""
        rays = np.concatenate([np.broadcast_to(origins, directions.shape), directions], axis=1).astype(np.float32)
        answer = self._rays.cast_rays(_tensor(rays))
        distance = answer["t_hit"].numpy().astype(np.float64)
        met = np.isfinite(distance)
        triangles, weights = answer["primitive_ids"].numpy()[met], answer["primitive_uvs"].numpy()[met][:, :, None]
        directions, distance_met = np.asarray(directions, dtype=np.float64)[met], distance[met, None]
        points = np.broadcast_to(origins, (len(met), 3))[met] + directions * distance_met
        uvs = self._uvs[triangles]
        uvs = uvs[:, 0] * (1 - weights[:, 0] - weights[:, 1]) + uvs[:, 1] * weights[:, 0] + uvs[:, 2] * weights[:, 1]
        normals = answer["primitive_normals"].numpy()[met].astype(np.float64)
        normals *= -np.sign((normals * directions).sum(axis=1, keepdims=True) + 1e-12)
        return Hits(met, distance, points, uvs, self._owners[triangles], normals)

    def free(self, origins: np.ndarray, directions: np.ndarray, reach: float = np.inf) -> np.ndarray:
        """Return for rays (n, 3) float32 whether nothing stands in their way: (n,) bool."""
        rays = np.concatenate([origins, directions], axis=1).astype(np.float32)
        return ~self._rays.test_occlusions(_tensor(rays), 0.0, reach).numpy()

    def of_landmark(self, owners: np.ndarray) -> np.ndarray:
        """Return which surface rows belong to the landmark or the ground, not to occluders or the horizon."""
        return (owners < self.static) & (self.rows[owners, 0] != Kind.BACKDROP)


def _tensor(values: np.ndarray) -> o3d.core.Tensor:
    return o3d.core.Tensor.from_numpy(np.ascontiguousarray(values))


def pixel_grid(width: int, height: int, step: float) -> np.ndarray:
    """Return the centres of cells of `step` pixels, row by row: (n, 2) float64, the first row the topmost."""
    x, y = np.arange(step / 2, width, step), np.arange(step / 2, height, step)
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def render(scene: Scene, camera: Camera, light: Light) -> tuple[np.ndarray, np.ndarray]:
    """Take a photograph.

    Returns:
        The picture, (height, width, 3) uint8 sRGB, and the surface row that each pixel's first sample shows,
        (height, width) int64, -1 for sky.
    """
    directions = camera.rays(pixel_grid(camera.width, camera.height, 1 / _SAMPLES))
    hits = scene.cast(camera.centre, directions)
    distance = hits.distance[hits.met]
    facing = np.abs((hits.normals * directions[hits.met]).sum(axis=1))
    foot = distance / camera.K[0, 0] / np.maximum(np.sqrt(facing), 0.2)
    colour = albedo(hits.points, hits.uvs, hits.owners, scene.rows, foot)
    radiance = np.empty(directions.shape)
    radiance[~hits.met] = sky(directions[~hits.met], light)
    lit = colour * _incoming(scene, hits, light, camera.width * _SAMPLES)
    fade = np.exp(-distance / _HAZE)[:, None]
    radiance[hits.met] = lit * fade + light.horizon * 0.9 * (1 - fade)
    shape = (camera.height, _SAMPLES, camera.width, _SAMPLES)
    picture = develop(radiance * light.exposure).reshape(*shape, 3).mean(axis=(1, 3))
    rows = np.full(len(directions), -1)
    rows[hits.met] = hits.owners
    return np.round(picture * 255).astype(np.uint8), rows.reshape(shape)[:, 0, :, 0]


def _incoming(scene: Scene, hits: Hits, light: Light, columns: int) -> np.ndarray:
    """Return the light that arrives at hit points: (n, 3) float64; sun, sky and what the ground reflects."""
    start = hits.points + 0.01 * hits.normals
    towards = towards_sun(len(start), light.sun, light.blur, light.seed)
    incidence = np.clip((hits.normals * towards).sum(axis=1), 0, None)
    noisy = np.zeros((len(start), 2))
    noisy[incidence > 0, 0] = scene.free(start[incidence > 0], towards[incidence > 0])
    for turn in range(_SKY_RAYS):
        noisy[:, 1] += scene.free(start, towards_sky(hits.normals, turn, light.seed), 12.0) / _SKY_RAYS
    place = np.full((len(hits.met) // columns, columns), -1)
    place.ravel()[hits.met] = np.arange(len(start))
    distance = hits.distance[hits.met]
    sun = soften(noisy[:, :1], place, hits.normals, distance, 3 if light.blur > 0.1 else 1)
    ambient = soften(noisy[:, 1:], place, hits.normals, distance, 3)
    up = 0.5 + 0.5 * hits.normals[:, 2:]
    dome = up * (0.55 * light.zenith + 0.45 * light.horizon) + (1 - up) * 0.22 * (
        light.horizon + light.sunlight * light.sun[2]
    )
    return incidence[:, None] * sun * light.sunlight * 0.55 + dome * (0.2 + 0.95 * ambient)


def develop(radiance: np.ndarray) -> np.ndarray:
    """Map linear light to sRGB in [0, 1] with a soft shoulder, as a camera's film curve does."""
    film = radiance * (2.51 * radiance + 0.03) / (radiance * (2.43 * radiance + 0.59) + 0.14)
    film = np.clip(film, 0, 1)
    return np.where(film <= 0.0031308, 12.92 * film, 1.055 * film ** (1 / 2.4) - 0.055)
