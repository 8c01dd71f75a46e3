"""Statistical outlier removal with Open3D: `python -m bitscape.geometry.cleaning IN.npz OUT.npz CLOUDS`.

Open3D and pycolmap bring native libraries that do not bear each other, so the caller, who holds the models, runs this
module as a child (see `bitscape.geometry.outliers`) and speaks with it through files.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MEND = "apt-get install -y libusb-1.0-0 libgl1 libegl1 libx11-6"


def clean(source: Path, target: Path, clouds: Path) -> None:
    """Find the outliers of each cloud and write the others as coloured PLY.

    A point is an outlier if its mean distance to its nearest neighbours is more than `ratio` standard deviations above
    the mean of these distances over the cloud. A cloud with no more points than that has no outliers: all its points
    have the same neighbours.

    Args:
        source: `.npz` with `positions` (n, 3) float64, `colours` (n, 3) uint8, `cloud` (n,) int32 (number of each
            point's cloud), `neighbours` and `ratio`.
        target: `.npz` to write, with `inlier` (n,) bool.
        clouds: folder for `K.ply`.
    """
    import open3d as o3d

    given = np.load(source)
    positions, colours, cloud = given["positions"], given["colours"] / 255.0, given["cloud"]
    neighbours = int(given["neighbours"])
    inlier: NDArray[np.bool_] = np.zeros(len(positions), bool)
    clouds.mkdir(parents=True, exist_ok=True)
    for number in np.unique(cloud):
        members = np.flatnonzero(cloud == number)
        points = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(positions[members]))
        points.colors = o3d.utility.Vector3dVector(colours[members])
        if len(members) > neighbours:
            points, inside = points.remove_statistical_outlier(neighbours, float(given["ratio"]))
            members = members[np.asarray(inside, np.int64)]
        inlier[members] = True
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
