"""Deterministic noise from an integer hash: value noise and fractal sums of it, compiled with numba."""

import numpy as np
from numba import njit

_X, _Y, _Z, _S = (
    np.uint64(v) for v in (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5)
)
_M1, _M2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_S33, _S29, _S40 = np.uint64(33), np.uint64(29), np.uint64(40)
_PERSISTENCE = 0.65


@njit(cache=True, inline="never")
def hash01(x: int, y: int, z: int, seed: int) -> float:
    """Hash four integers to a number in [0, 1); the same on every machine."""
    h = (np.uint64(x) * _X) ^ (np.uint64(y) * _Y) ^ (np.uint64(z) * _Z) ^ (np.uint64(seed) * _S)
    h = (h ^ (h >> _S33)) * _M1
    h = (h ^ (h >> _S29)) * _M2
    h = h ^ (h >> _S33)
    return float(h >> _S40) * (1.0 / 16777216.0)


@njit(cache=True)
def value_noise(x: float, y: float, z: float, seed: int) -> float:
    """Interpolate hashed values of the integer lattice smoothly: values in [-1, 1], wavelength about 2."""
    fx, fy, fz = np.floor(x), np.floor(y), np.floor(z)
    i, j, k = int(fx), int(fy), int(fz)
    a, b, c = x - fx, y - fy, z - fz
    a, b, c = a * a * (3 - 2 * a), b * b * (3 - 2 * b), c * c * (3 - 2 * c)
    total = 0.0
    for dk in range(2):
        for dj in range(2):
            row = hash01(i, j + dj, k + dk, seed) * (1 - a) + hash01(i + 1, j + dj, k + dk, seed) * a
            total += row * (b if dj else 1 - b) * (c if dk else 1 - c)
    return 2 * total - 1


@njit(cache=True)
def fractal(x: float, y: float, z: float, seed: int, wavelength: float, octaves: int, footprint: float) -> float:
    """Sum octaves of value noise, leaving out those finer than a pixel can hold.

    Args:
        x: position in metres; so are `y` and `z`.
        y: see `x`.
        z: see `x`.
        seed: chooses the pattern.
        wavelength: of the coarsest octave, metres; each further one has half of it.
        octaves: how many.
        footprint: width of a pixel on the surface, metres; octaves near it fade, so nothing aliases.

    Returns:
        A number of mean 0 and standard deviation near 0.3.
    """
    total, amplitude, norm = 0.0, 1.0, 0.0
    for octave in range(octaves):
        norm += amplitude * amplitude
        visible = min(1.0, wavelength / (2.0 * footprint) - 0.5)
        if visible <= 0:
            break
        s = 2.0 / wavelength
        total += amplitude * visible * value_noise(x * s, y * s, z * s, seed + 101 * octave)
        amplitude *= _PERSISTENCE
        wavelength *= 0.5
    return total / np.sqrt(norm)
