"""Cleaning of point clouds with Open3D: `python -m bitscape.geometry.cleaning IN.npz OUT.npz CLOUDS`.

Open3D and pycolmap bring native libraries that do not bear each other, so the caller, who holds the models, runs this
module as a child (see `bitscape.geometry.outliers`) and speaks with it through files.
"""

import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

MEND = "apt-get install -y libusb-1.0-0 libgl1 libegl1 libx11-6"


class Rules(NamedTuple):
    """What is no part of a cloud.

    Lengths are in spacings of the cloud (see `spacing`), because the unit of a model is arbitrary and so is its
    density.

    Attributes:
        neighbours: of a point, whose mean distance is looked at; also the smallest cloud that is cleaned has one more.
        ratio: standard deviations of that distance above its mean that are too many.
        radius: spacings around a point ...
        company: ... in which so many points must lie, itself among them.
        gap: spacings between two pieces of a cloud; 0 leaves every piece.
        debris: pieces with a smaller share of the points of the largest piece are debris.
    """

    neighbours: int
    ratio: float
    radius: float
    company: int
    gap: float
    debris: float


def spacing(positions: NDArray[np.float64], neighbours: int) -> float:
    """Measure how far apart the points of a cloud are.

    Args:
        positions: (n, 3), n at least `neighbours`.
        neighbours: of each point, itself among them, as Open3D counts.

    Returns:
        The median over the points of the mean distance to the neighbours.
    """
    distances, _ = cKDTree(positions).query(positions, neighbours)
    return float(np.median(distances.mean(axis=1)))


def survivors(positions: NDArray[np.float64], rules: Rules) -> NDArray[np.int64]:
    """Find the points that remain after statistical outliers, lonely points and debris are taken away, in this order.

    Args:
        positions: (n, 3).
        rules: what goes. A cloud of no more than `neighbours` points stays as it is, for all its points have the same,
            and so does one of which nothing would be left.

    Returns:
        Places of the points that remain, ascending.
    """
    places = np.arange(len(positions))
    if len(positions) <= rules.neighbours:
        return places
    unit = spacing(positions, rules.neighbours)
    cloud = _cloud(positions)
    cloud, inside = cloud.remove_statistical_outlier(rules.neighbours, rules.ratio)
    places = places[np.asarray(inside, np.int64)]
    if rules.radius and unit:
        # Open3D wants more points than the number it is given.
        cloud, inside = cloud.remove_radius_outlier(rules.company - 1, rules.radius * unit)
        places = places[np.asarray(inside, np.int64)]
    if rules.gap and unit and len(places):
        places = places[~_debris(np.asarray(cloud.cluster_dbscan(rules.gap * unit, rules.company)), rules.debris)]
    return places if len(places) else np.arange(len(positions))


def _debris(pieces: NDArray[np.int32], share: float) -> NDArray[np.bool_]:
    """Tell which points lie in no piece (-1) or in one that is small beside the largest."""
    sizes = np.bincount(pieces[pieces >= 0])
    if not len(sizes):
        return np.zeros(len(pieces), bool)  # all of it would be debris
    small: NDArray[np.bool_] = (pieces < 0) | (sizes[pieces] < share * sizes.max())
    return small


def _cloud(positions: NDArray[np.float64]) -> Any:
    import open3d as o3d

    return o3d.geometry.PointCloud(o3d.utility.Vector3dVector(positions))


def clean(source: Path, target: Path, clouds: Path) -> None:
    """Find what is no part of each cloud and write the rest as coloured PLY.

    Args:
        source: `.npz` with `positions` (n, 3) float64, `colours` (n, 3) uint8, `cloud` (n,) int32 (number of each
            point's cloud) and `rules` (6,) float64.
        target: `.npz` to write, with `inlier` (n,) bool.
        clouds: folder for `K.ply`.
    """
    import open3d as o3d

    given = np.load(source)
    positions, colours, cloud = given["positions"], given["colours"] / 255.0, given["cloud"]
    neighbours, ratio, radius, company, gap, debris = given["rules"].tolist()
    rules = Rules(int(neighbours), ratio, radius, int(company), gap, debris)
    inlier: NDArray[np.bool_] = np.zeros(len(positions), bool)
    clouds.mkdir(parents=True, exist_ok=True)
    for number in np.unique(cloud):
        members = np.flatnonzero(cloud == number)
        members = members[survivors(positions[members], rules)]
        inlier[members] = True
        points = _cloud(positions[members])
        points.colors = o3d.utility.Vector3dVector(colours[members])
        o3d.io.write_point_cloud(clouds / f"{number}.ply", points)
    np.savez(target, inlier=inlier)


def main() -> int:
    """Clean the clouds named on the command line; tell in one sentence if Open3D cannot be loaded."""
    try:
        import open3d  # noqa: F401
    except (ImportError, OSError) as error:
        print(f"Open3D cannot be loaded ({error}); on Debian or Ubuntu type `{MEND}`.", file=sys.stderr)
        return 1
    source, target, clouds = map(Path, sys.argv[1:])
    clean(source, target, clouds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
