"""A last bundle adjustment that finds the principal point of cameras with many photographs.

COLMAP leaves the principal point in the middle of the picture, since a few photographs do not tell it from a turn of
the camera. Where many share a camera it can be told, and all of them lose the same small error of their rotations.
"""

import numpy as np

from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry import options
from bitscape.geometry.colmap import pycolmap

MANY = 8  # photographs of a camera whose principal point is sought
FARTHEST = 0.1  # of the longer side, from the middle: beyond, it was not found but lost


def refine(model: pycolmap.Reconstruction, settings: Reconstruct) -> pycolmap.Reconstruction:
    """Adjust poses, points and the cameras that at least eight photographs share, with their principal points.

    Args:
        model: a finished model; left as it is.
        settings: threads.

    Returns:
        The adjusted model, or `model` itself where no camera has that many photographs, or the adjustment failed or
        moved a principal point by more than a tenth of the picture.
    """
    photographs = [model.images[key] for key in sorted(model.reg_image_ids())]
    used, counts = np.unique([image.camera_id for image in photographs], return_counts=True)
    if not (counts >= MANY).any():
        return model
    adjusted = pycolmap.Reconstruction(model)
    config = pycolmap.BundleAdjustmentConfig()
    for image in photographs:
        config.add_image(image.image_id)
    for camera in used[counts < MANY].tolist():
        config.set_constant_cam_intrinsics(camera)
    config.fix_gauge(pycolmap.BundleAdjustmentGauge.TWO_CAMS_FROM_WORLD)
    summary = pycolmap.create_default_bundle_adjuster(options.refinement(settings), config, adjusted).solve()
    if not summary.is_solution_usable() or any(_lost(adjusted.cameras[camera]) for camera in used.tolist()):
        return model
    adjusted.update_point_3d_errors()
    return adjusted


def _lost(camera: pycolmap.Camera) -> bool:
    x, y = camera.principal_point_x, camera.principal_point_y
    distance = np.hypot(x - camera.width / 2, y - camera.height / 2)
    return not distance <= FARTHEST * max(camera.width, camera.height)
