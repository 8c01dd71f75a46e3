"""SIFT features and verified matches, in a COLMAP database."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bitscape.core.disk import need
from bitscape.core.progress import progress
from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry import options
from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.copies import copy_index, copy_name

PHOTOGRAPHS_AT_ONCE = 16  # between two steps of the progress; what a run loses that is killed
PAIRS_AT_ONCE = 200
FEATURE = 128 + 24  # bytes: descriptor and place
MATCH = 2 * 8  # bytes, before and after verification
JOURNAL = 3  # times what is written, until SQLite has moved it from its journal


def extract(database: Path, folder: Path, names: Sequence[str], settings: Reconstruct) -> None:
    """Add SIFT features of photographs to a database; those that have theirs are passed over.

    Photographs that the database does not hold are added: those whose EXIF tags name the same camera, focal length and
    size share a camera; others have one each.

    Args:
        database: COLMAP database; created if missing.
        folder: where the photographs are.
        names: files in `folder`.
        settings: sizes, threads, device.
    """
    with pycolmap.Database.open(database) as opened:
        known = {image.name: image.image_id for image in opened.read_all_images()}
        done = {name for name, key in known.items() if opened.exists_keypoints(key) and opened.exists_descriptors(key)}
    if new := [name for name in names if name not in known]:
        pycolmap.import_images(database, folder, pycolmap.CameraMode.AUTO, image_names=new)
    wanted, where = [name for name in names if name not in done], options.device(settings)
    used = options.extraction(settings)
    with progress("extract features", len(wanted)) as advance:
        for at in range(0, len(wanted), PHOTOGRAPHS_AT_ONCE):
            some = wanted[at : at + PHOTOGRAPHS_AT_ONCE]
            need(database.parent, JOURNAL * FEATURE * settings.max_features * len(some))
            pycolmap.extract_features(database, folder, image_names=some, extraction_options=used, device=where)
            advance(len(some))


def match(database: Path, pairs: NDArray[np.int64], scratch: Path, settings: Reconstruct, seed: int) -> None:
    """Match the features of the listed pairs and verify the matches geometrically; what was verified is passed over.

    Args:
        database: with the features of all photographs named.
        pairs: (m, 2) int64, indices of photographs.
        scratch: folder for the lists that COLMAP reads.
        settings: threads, device, `min_inliers`.
        seed: of RANSAC.
    """
    wanted = _unverified(database, pairs)
    used, verified, where = options.matching(settings), options.verification(settings, seed), options.device(settings)
    listed = pycolmap.ImportedPairingOptions()
    listed.match_list_path = scratch / "pairs.txt"
    with progress("match pairs", len(wanted)) as advance:
        for at in range(0, len(wanted), PAIRS_AT_ONCE):
            some = wanted[at : at + PAIRS_AT_ONCE]
            need(database.parent, JOURNAL * MATCH * settings.max_features * len(some))
            listed.match_list_path.write_text("".join(f"{copy_name(a)} {copy_name(b)}\n" for a, b in some))
            pycolmap.match_image_pairs(database, used, listed, verified, where)
            advance(len(some))


def _unverified(database: Path, pairs: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Keep the pairs that did not go through verification yet; those that failed it have gone through as well."""
    with pycolmap.Database.open(database) as opened:
        known = {copy_index(image.name): image.image_id for image in opened.read_all_images()}
        return [(a, b) for a, b in pairs.tolist() if not opened.exists_two_view_geometry(known[a], known[b])]
