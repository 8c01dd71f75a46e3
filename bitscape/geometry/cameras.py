"""Which photographs share a camera, and putting them into a COLMAP database."""

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from PIL import ExifTags, Image

from bitscape.core.storage import publish, remove
from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.copies import CAMERA_TAGS, LENS_TAGS

FEWEST = 5  # photographs of a folder from which one size says one camera; fewer are alike by chance
LINK = "link"
Sharing = Literal["auto", "exif", "each"]


@dataclass(frozen=True)
class Shot:
    """What a photograph says of its camera.

    Attributes:
        folder: where it lies in the collection.
        size: width and height of its upright copy, pixels.
        exif: make, model and focal lengths; empty where the file says nothing of these.
    """

    folder: str
    size: tuple[int, int]
    exif: tuple[tuple[int, str], ...]

    @property
    def names_camera(self) -> bool:
        """Tell whether EXIF says both the camera and a focal length; without these it could be any zoom."""
        told = {tag for tag, _ in self.exif}
        return bool(told & set(CAMERA_TAGS)) and bool(told & set(LENS_TAGS))


def read_shot(copy: Path, name: str) -> Shot:
    """Read what a copy says of its camera.

    Args:
        copy: as `write_copies` wrote it.
        name: path of the photograph in the collection, with `/`.
    """
    with Image.open(copy) as image:
        exif = image.getexif()
        lens = exif.get_ifd(ExifTags.IFD.Exif)
        told = [(int(tag), str(exif[tag])) for tag in CAMERA_TAGS if tag in exif]
        told += [(int(tag), str(float(lens[tag]))) for tag in LENS_TAGS if tag in lens]
        return Shot(str(PurePosixPath(name).parent), image.size, tuple(told))


def shared_cameras(shots: Sequence[Shot], sharing: Sharing) -> list[list[int]]:
    """Group photographs by camera.

    EXIF that names camera and focal length decides; the size belongs to it, since upright copies of pictures taken
    lying and standing have different principal points. Photographs without such EXIF share a camera only where all of
    them in a folder have the same size but for a quarter turn and there are at least five: pictures from many people
    have many sizes.

    Args:
        shots: (n,) in any order.
        sharing: `auto` as above, `exif` without the rule for folders, `each`: a camera for each photograph.

    Returns:
        Positions of the photographs of each camera, ascending; cameras by their first photograph.
    """
    if sharing == "each":
        return [[at] for at in range(len(shots))]
    silent: dict[str, list[Shot]] = defaultdict(list)
    for shot in shots:
        if not shot.names_camera:
            silent[shot.folder].append(shot)
    uniform = {
        folder
        for folder, some in silent.items()
        if sharing == "auto" and len(some) >= FEWEST and len({tuple(sorted(shot.size)) for shot in some}) == 1
    }
    groups: dict[object, list[int]] = defaultdict(list)
    for at, shot in enumerate(shots):
        if shot.names_camera:
            groups[shot.exif, shot.size].append(at)
        elif shot.folder in uniform:
            groups[shot.folder, shot.size].append(at)
        else:
            groups[at].append(at)
    return list(groups.values())


def add_photographs(
    database: Path, folder: Path, names: Sequence[str], cameras: Sequence[Sequence[int]], scratch: Path
) -> None:
    """Make a database that holds photographs and their cameras; one that is there is kept.

    Args:
        database: to make, whole or not at all.
        folder: where the copies are.
        names: files in `folder`. COLMAP numbers the photographs of a camera in this order, whatever their names are.
        cameras: positions in `names` that share a camera.
        scratch: folder for links.
    """
    if database.exists():
        return
    links = scratch / "links"
    remove(links)
    links.mkdir(parents=True)
    for at, name in enumerate(names):
        os.symlink((folder / name).resolve(), links / _link(at))
    single = [group[0] for group in cameras if len(group) == 1]
    shared = [group for group in cameras if len(group) > 1]
    with publish(database) as partial:
        pycolmap.Database.open(partial).close()
        for mode, groups in ((pycolmap.CameraMode.SINGLE, shared), (pycolmap.CameraMode.PER_IMAGE, [single])):
            for group in groups:
                if group:
                    pycolmap.import_images(partial, links, mode, image_names=[_link(at) for at in group])
        with pycolmap.Database.open(partial) as opened, pycolmap.DatabaseTransaction(opened):
            for image in opened.read_all_images():
                image.name = names[int(Path(image.name).stem.removeprefix(LINK))]
                opened.update_image(image)
    remove(links)


def _link(position: int) -> str:
    return f"{LINK}{position:08d}.jpg"  # unlike any copy's name: the names in a database differ at every moment
