"""Focal lengths that EXIF tells wrongly, and how a database forgets them."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from bitscape.geometry.colmap import pycolmap

GUESS = pycolmap.ImageReaderOptions().default_focal_length_factor  # of the longer side, where EXIF says nothing


def forget_focal_lengths(database: Path, names: Sequence[str], copy: Path) -> bool:
    """Copy a database and take what EXIF says from the cameras of some photographs.

    Args:
        database: stays as it is.
        names: the photographs.
        copy: written only where there is something to forget.

    Returns:
        Whether a camera had a focal length from EXIF.
    """
    wanted = set(names)
    with pycolmap.Database.open(database) as opened:
        used = {image.camera_id for image in opened.read_all_images() if image.name in wanted}
        told = [camera for camera in map(opened.read_camera, sorted(used)) if camera.has_prior_focal_length]
    if not told:
        return False
    shutil.copyfile(database, copy)
    with pycolmap.Database.open(copy) as opened:
        for camera in told:
            camera.focal_length = GUESS * max(camera.width, camera.height)
            camera.has_prior_focal_length = False
            opened.update_camera(camera)
    return True
