"""Smoothing of noisy light over neighbouring samples of the same surface, so that few rays give soft shadows."""

import numpy as np
from numba import njit


@njit(cache=True)
def soften(light: np.ndarray, place: np.ndarray, normals: np.ndarray, distance: np.ndarray, radius: int) -> np.ndarray:
    """Average light over a square of samples that lie on the same surface.

    Args:
        light: (n, k) float64, noisy values at n hit points.
        place: (rows, columns) int64, which hit point a sample of the picture shows, -1 for none.
        normals: (n, 3) float64, unit length.
        distance: (n,) float64, from the camera.
        radius: half the side of the square, samples.

    Returns:
        (n, k) float64; neighbours count whose normal is within about 18 degrees and whose distance is within 3 %.
    """
    rows, columns = place.shape
    result = np.zeros_like(light)
    for row in range(rows):
        for column in range(columns):
            here = place[row, column]
            if here < 0:
                continue
            weight = 0.0
            for r in range(max(0, row - radius), min(rows, row + radius + 1)):
                for c in range(max(0, column - radius), min(columns, column + radius + 1)):
                    there = place[r, c]
                    if there < 0 or abs(distance[there] - distance[here]) > 0.03 * distance[here]:
                        continue
                    dot = 0.0
                    for k in range(3):
                        dot += normals[here, k] * normals[there, k]
                    if dot > 0.95:
                        weight += 1.0
                        for k in range(light.shape[1]):
                            result[here, k] += light[there, k]
            for k in range(light.shape[1]):
                result[here, k] /= weight
    return result
