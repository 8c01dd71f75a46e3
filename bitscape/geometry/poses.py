"""Where the photographs of the finished models were taken from, as a table."""

from collections.abc import Sequence

import pandas as pd

from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.copies import copy_index

COLUMNS = {
    "model": "int32",
    "image": "int32",
    **dict.fromkeys(("x", "y", "z", "qx", "qy", "qz", "qw"), "float64"),
    "focal": "float32",
    "width": "int32",
    "height": "int32",
}


def poses(models: Sequence[pycolmap.Reconstruction]) -> pd.DataFrame:
    """List the camera of each photograph.

    Args:
        models: finished models; their position is their number.

    Returns:
        One row per photograph, sorted by `model`, then `image`: both int32; `x`, `y`, `z` float64, its centre in model
        units; `qx`, `qy`, `qz`, `qw` float64, the unit quaternion from the model's world to the camera's axes (right,
        down, forward); `focal` float32, `width`, `height` int32, in pixels of the copies that were reconstructed.
    """
    rows = []
    for number, model in enumerate(models):
        for image in [model.images[key] for key in model.reg_image_ids()]:
            camera = model.cameras[image.camera_id]
            centre, turn = image.projection_center(), image.cam_from_world().rotation.quat
            size = camera.mean_focal_length(), camera.width, camera.height
            rows.append((number, copy_index(image.name), *centre.tolist(), *turn.tolist(), *size))
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
    return table.sort_values(["model", "image"], ignore_index=True)
