"""Where an interrupted reconstruction leaves what it has done: a folder whose name says all that it depends on."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.core.storage import remove
from bitscape.geometry.colmap import pycolmap

MAPPING = {"mapper", "min_model_size"}  # beside what features and matches depend on
WHERE = {"executor"}
AFTERWARDS = {name for name in Reconstruct.model_fields if name.startswith(("outlier_", "debris_", "burst_"))}


def workspace(
    root: Path,
    photographs: Sequence[tuple[int, str, str]],
    descriptors: NDArray[np.float32],
    settings: Reconstruct,
    seed: int,
) -> Path:
    """Name the folder for features and matches of given photographs with given settings.

    Args:
        root: folder of all such folders.
        photographs: of each its index, by which copies and models name it, its path, and the sha256 of its file, which
            says more than its pixels: cameras come from EXIF.
        descriptors: (n, D) float32.
        settings: of the stage; those that only matter after the matching, or say where, do not count.
        seed: of RANSAC.

    Returns:
        The folder, which may be missing.
    """
    told = {
        "photographs": [list(photograph) for photograph in photographs],
        "descriptors": hashlib.sha256(np.ascontiguousarray(descriptors).tobytes()).hexdigest(),
        "settings": settings.model_dump(exclude=MAPPING | AFTERWARDS | WHERE),
        "seed": seed,
    }
    return root / _key(told)


def mapping_folder(work: Path, settings: Reconstruct) -> Path:
    """Name the folder for finished components below a workspace: it depends on the mapper's settings too."""
    return work / f"models-{_key(settings.model_dump(include=MAPPING))}"


def forget_others(work: Path) -> None:
    """Remove the workspaces of other photographs or settings, and the log of runs before."""
    if work.parent.is_dir():
        for path in sorted(work.parent.iterdir()):
            if path != work:
                remove(path)


def _key(told: dict[str, Any]) -> str:
    told = told | {"pycolmap": pycolmap.__version__}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]
