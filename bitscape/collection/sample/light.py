"""Times of day: direction and colour of the sun, the sky with its clouds, the directions of shadow rays."""

from dataclasses import dataclass

import numpy as np
from numba import njit

from bitscape.collection.sample.noise import fractal, hash01
from bitscape.collection.sample.surfaces import linear


@dataclass(frozen=True)
class Light:
    """The light of one photograph.

    Attributes:
        name: the time of day, a label of the photograph.
        sun: (3,) float64, unit vector towards the sun.
        sunlight: (3,) float64, linear RGB.
        zenith: (3,) float64, linear RGB of the sky above.
        horizon: (3,) float64, linear RGB of the sky at the horizon.
        clouds: share of the sky, about 0 to 1.
        blur: half-angle of the sun, radians; wide behind clouds.
        exposure: factor on all light.
        seed: chooses the clouds.
    """

    name: str
    sun: np.ndarray
    sunlight: np.ndarray
    zenith: np.ndarray
    horizon: np.ndarray
    clouds: float
    blur: float
    exposure: float
    seed: int


# azimuth from the front (degrees, right positive), height, spread of both; sun's colour, strength; zenith, horizon
_TIMES = {
    "morning": (-55, 27, 9, "#ffe3bd", 2.3, "#5f93cf", "#d8dfe2"),
    "noon": (15, 56, 11, "#fff8ea", 2.6, "#3f7fcb", "#bfd6e8"),
    "evening": (52, 20, 8, "#ffbd80", 2.3, "#5a7fb5", "#f0c9a0"),
    "overcast": (0, 55, 25, "#ffffff", 0.45, "#a9b4c0", "#d5d9dc"),
}
TIMES = tuple(_TIMES)


def daylight(name: str, rng: np.random.Generator) -> Light:
    """Return the light of a time of day, each time a little different."""
    azimuth, height, spread, colour, strength, zenith, horizon = _TIMES[name]
    a = np.radians(azimuth + rng.uniform(-spread, spread))
    h = np.radians(height + rng.uniform(-spread, spread) / 2)
    sun = np.array([np.sin(a) * np.cos(h), -np.cos(a) * np.cos(h), np.sin(h)])
    grey = name == "overcast"
    return Light(
        name,
        sun,
        linear(colour) * strength,
        linear(zenith) * (1.5 if grey else 1.15),
        linear(horizon) * 1.25,
        0.9 if grey else float(rng.uniform(0.1, 0.6)),
        0.25 if grey else 0.018,
        float(2 ** rng.uniform(-0.3, 0.4)) * (0.95 if grey else 0.8),
        int(rng.integers(1 << 30)),
    )


@njit(cache=True)
def cloudiness(directions: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Return how much cloud is seen along unit directions (n, 3): (n,) float64 in [0, 1]."""
    result = np.zeros(len(directions))
    for i in range(len(directions)):
        rise = max(directions[i, 2], 0.0) + 0.12
        x, y = directions[i, 0] / rise, directions[i, 1] / rise
        cover = fractal(x, 1.6 * y, 0.0, seed, 3.0, 7, 0.02) - 0.55 + 1.1 * share
        result[i] = min(1.0, max(0.0, 2.2 * cover))
    return result


def sky(directions: np.ndarray, light: Light) -> np.ndarray:
    """Return the linear RGB of the sky along unit directions: (n, 3) float64."""
    rise = np.clip(directions[:, 2:], 0, 1) ** 0.6
    blue = light.horizon * (1 - rise) + light.zenith * rise
    cloud = cloudiness(directions, light.clouds, light.seed)[:, None]
    white = 0.75 * light.horizon + 0.25 * light.sunlight * (0.35 + 0.25 * cloud)
    glow = np.clip(directions @ light.sun, 0, 1)[:, None] ** 24 * 0.35
    return blue * (1 - 0.85 * cloud) + white * 0.85 * cloud + light.sunlight * glow


@njit(cache=True)
def towards_sky(normals: np.ndarray, turn: int, seed: int) -> np.ndarray:
    """Draw one direction per normal, distributed by the cosine: (n, 3) float64 to (n, 3) float32."""
    result = np.empty(normals.shape, dtype=np.float32)
    for i in range(len(normals)):
        height, angle = 2 * hash01(i, turn, 0, seed) - 1, 2 * np.pi * hash01(i, turn, 1, seed)
        ring = np.sqrt(max(0.0, 1 - height * height))
        x, y, z = normals[i, 0] + ring * np.cos(angle), normals[i, 1] + ring * np.sin(angle), normals[i, 2] + height
        length = max(1e-6, np.sqrt(x * x + y * y + z * z))
        result[i, 0], result[i, 1], result[i, 2] = x / length, y / length, z / length
    return result


@njit(cache=True)
def towards_sun(count: int, sun: np.ndarray, blur: float, seed: int) -> np.ndarray:
    """Draw `count` directions within the disc of the sun: (count, 3) float32; this softens shadows."""
    result = np.empty((count, 3), dtype=np.float32)
    for i in range(count):
        for c in range(3):
            result[i, c] = sun[c] + blur * (2 * hash01(i, c, 2, seed) - 1)
    return result
