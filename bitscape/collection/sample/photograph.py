"""All photographs of one landmark. It imports Open3D, so only the worker processes of `generate` import it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from bitscape.collection.sample.cameras import FOCAL_35MM, Camera
from bitscape.collection.sample.landmarks import LANDMARKS
from bitscape.collection.sample.overlap import overlap
from bitscape.collection.sample.render import Scene, render
from bitscape.collection.sample.staging import stage

_QUALITY = 85
_PROMINENT = 0.01  # share of the pixels from which an occluder is worth a label
_MAKE, _MODEL, _EXIF_IFD, _FOCAL_IN_35MM = 0x010F, 0x0110, 0x8769, 0xA405


@dataclass(frozen=True)
class Shoot:
    """What is known about the photographs of one landmark, in the order of their names.

    Attributes:
        names: paths below `images/`.
        labels: of each photograph, sorted, joined by ";".
        cameras: of each photograph.
        overlap: (n, n) float32, see `overlap.overlap`.
    """

    names: list[str]
    labels: list[str]
    cameras: list[Camera]
    overlap: np.ndarray


def photograph(folder: Path, name: str, seed: int, count: int, width: int, height: int) -> Shoot:
    """Take and save all photographs of one landmark; see `generate.generate` for the arguments."""
    shots = stage(name, seed, count, width, height)
    scenes = [Scene(shot.mesh, shot.static) for shot in shots]
    names, labels, digits = [], [], max(2, len(str(count - 1)))
    for index, (shot, scene) in enumerate(zip(shots, scenes, strict=True)):
        picture, rows = render(scene, shot.camera, shot.light)
        seen = [kind for kind, owned in shot.blockers.items() if np.isin(rows, owned).mean() > _PROMINENT]
        path = folder / "images" / name / f"{name}_{index:0{digits}d}.jpg"
        save(picture, path)
        names.append(f"{name}/{path.name}")
        labels.append(";".join(sorted({*LANDMARKS[name].labels, shot.light.name, *seen})))
    views = [shot.camera for shot in shots]
    return Shoot(names, labels, views, overlap(scenes, views))


def save(picture: np.ndarray, path: Path) -> None:
    """Write a picture (h, w, 3) uint8 as JPEG with the EXIF that tells its focal length."""
    exif = Image.Exif()
    exif[_MAKE], exif[_MODEL] = "Bitscape", "Bitscape Renderer"
    exif.get_ifd(_EXIF_IFD)[_FOCAL_IN_35MM] = FOCAL_35MM
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path, quality=_QUALITY, optimize=True, exif=exif)
