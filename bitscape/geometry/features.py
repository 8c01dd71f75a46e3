"""SIFT features and verified matches, in a COLMAP database."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bitscape.core.params import Reconstruct
from bitscape.core.progress import progress
from bitscape.geometry.colmap import CPU, pycolmap
from bitscape.geometry.copies import copy_name

PHOTOGRAPHS_AT_ONCE = 16  # between two steps of the progress
PAIRS_AT_ONCE = 200


def threads(settings: Reconstruct) -> int:
    """Tell how many threads COLMAP may use; sums over several threads differ from run to run."""
    return 1 if settings.deterministic else settings.threads


def extract(database: Path, folder: Path, names: Sequence[str], settings: Reconstruct) -> None:
    """Add photographs with their SIFT features to a database.

    Photographs whose EXIF tags name the same camera, focal length and size share a camera; others have one each.

    Args:
        database: COLMAP database; created if missing.
        folder: where the photographs are.
        names: files in `folder`.
        settings: sizes and threads.
    """
    pycolmap.Database.open(database).close()
    if not names:
        return
    pycolmap.import_images(database, folder, pycolmap.CameraMode.AUTO, image_names=list(names))
    options = pycolmap.FeatureExtractionOptions()
    options.max_image_size = settings.image_size
    options.num_threads = threads(settings)
    options.sift.max_num_features = settings.max_features
    with progress("extract features", len(names)) as advance:
        for at in range(0, len(names), PHOTOGRAPHS_AT_ONCE):
            some = list(names[at : at + PHOTOGRAPHS_AT_ONCE])
            pycolmap.extract_features(database, folder, image_names=some, extraction_options=options, device=CPU)
            advance(len(some))


def match(database: Path, pairs: NDArray[np.int64], scratch: Path, settings: Reconstruct, seed: int) -> None:
    """Match the features of the listed pairs and verify the matches geometrically.

    Args:
        database: with the features of all photographs named.
        pairs: (m, 2) int64, indices of photographs.
        scratch: folder for the lists that COLMAP reads.
        settings: threads.
        seed: of RANSAC.
    """
    matching, verification = pycolmap.FeatureMatchingOptions(), pycolmap.TwoViewGeometryOptions()
    matching.num_threads = threads(settings)
    verification.ransac.random_seed = seed
    listed = pycolmap.ImportedPairingOptions()
    listed.match_list_path = scratch / "pairs.txt"
    with progress("match pairs", len(pairs)) as advance:
        for at in range(0, len(pairs), PAIRS_AT_ONCE):
            some = pairs[at : at + PAIRS_AT_ONCE]
            listed.match_list_path.write_text("".join(f"{copy_name(a)} {copy_name(b)}\n" for a, b in some))
            pycolmap.match_image_pairs(database, matching, listed, verification, CPU)
            advance(len(some))
