from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry.cameras import add_photographs, read_shot, shared_cameras
from bitscape.geometry.candidates import candidate_pairs
from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.component import Job, numbered, reconstruct
from bitscape.geometry.copies import write_copies
from bitscape.geometry.features import extract, match

SMALL = Reconstruct(image_size=400, max_features=800, deterministic=True)
TRUE = 359.5  # pixels at this size; measured: 2759.5 of 3072
COUNT = 8


@pytest.mark.parametrize("millimetres", [200, 12])
def test_a_wrong_focal_length_is_survived(shared_data: Path, tmp_path: Path, millimetres: int) -> None:
    """EXIF says 200 or 12 mm on full frame where it was 32; COLMAP alone gives up at 200."""
    files = []
    for index, photograph in enumerate(sorted((shared_data / "photos/fountain_P11").iterdir())[:COUNT]):
        tags = Image.Exif()
        tags[ExifTags.Base.Make], tags[ExifTags.Base.Model] = "Maker", "M1"
        tags.get_ifd(ExifTags.IFD.Exif).update({int(ExifTags.Base.FocalLengthIn35mmFilm): millimetres})
        files.append((index, tmp_path / f"{index}.jpg"))
        with Image.open(photograph) as image:
            image.save(files[-1][1], quality=95, exif=tags)
    copies, database = tmp_path / "copies", tmp_path / "x.db"
    names = write_copies(files, copies, SMALL.image_size, COUNT)
    shots = [read_shot(copies / name, "a/b.jpg") for name in names]
    add_photographs(database, copies, names, shared_cameras(shots, "auto"), tmp_path)
    extract(database, copies, names, SMALL)
    match(database, candidate_pairs(names, np.empty((COUNT, 1), np.float32), SMALL), tmp_path, SMALL, 0)
    with pycolmap.Database.open(database) as opened:
        (camera,) = opened.read_all_cameras()
    assert camera.has_prior_focal_length
    assert abs(camera.focal_length / TRUE - 1) > 0.5

    folder = reconstruct(Job(database, copies, tuple(names), tmp_path / "k", SMALL, 0, 1), lambda steps: None)
    (model,) = map(pycolmap.Reconstruction, numbered(folder))
    assert model.num_reg_images() == COUNT
    (found,) = [model.cameras[image.camera_id] for image in list(model.images.values())[:1]]
    assert found.focal_length == pytest.approx(TRUE, rel=0.03)
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".db") == ["x.db"]
