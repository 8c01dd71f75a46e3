"""Near-duplicates and burst shots: photographs that show the same from the same place."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.copies import copy_index
from bitscape.geometry.linkage import complete_linkage
from bitscape.geometry.strategies import similarity
from bitscape.geometry.view_graph import ViewGraph

COLUMNS = {"image": "int32", "group": "int32"}


def burst_groups(
    graph: ViewGraph, features: NDArray[np.int64], descriptors: NDArray[np.float32], settings: Reconstruct
) -> list[NDArray[np.int64]]:
    """Group photographs of which every two are alike.

    Complete linkage by the shares of `alike_pairs` keeps a slow pan, where each picture resembles the next, from
    becoming one group.

    Args:
        graph: the verified pairs.
        features: (n,) features of each photograph.
        descriptors: (n, D) float32, rows of unit length.
        settings: the two thresholds.

    Returns:
        Positions of each group of two or more, ascending; groups by their first.
    """
    return complete_linkage(*alike_pairs(graph, features, descriptors, settings))


def alike_pairs(
    graph: ViewGraph, features: NDArray[np.int64], descriptors: NDArray[np.float32], settings: Reconstruct
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find the pairs of photographs that are alike.

    Two are if their descriptors are (cosine at least `burst_similarity`) and so are their features (verified matches at
    least `burst_overlap` of the features of the one with fewer).

    Args:
        graph: the verified pairs.
        features: (n,) features of each photograph.
        descriptors: (n, D) float32, rows of unit length.
        settings: the two thresholds.

    Returns:
        (m, 2) positions, rows `i < j`, sorted; (m,) the share of features, at most 1.
    """
    first, second = graph.pairs.T
    overlap = np.minimum(graph.inliers / np.maximum(np.minimum(features[first], features[second]), 1), 1)
    alike = np.flatnonzero(overlap >= settings.burst_overlap)
    alike = alike[similarity(descriptors, first[alike], second[alike]) >= settings.burst_similarity]
    return graph.pairs[alike], overlap[alike]


def burst_table(groups: list[NDArray[np.int64]], photographs: NDArray[np.int64]) -> pd.DataFrame:
    """Tabulate groups.

    Args:
        groups: positions, see `burst_groups`.
        photographs: (n,) indices.

    Returns:
        Columns `image` (index) and `group` int32, photographs in a group only; sorted by group, then image; groups
        numbered by their first image.
    """
    named = sorted((np.sort(photographs[group]) for group in groups), key=lambda group: int(group[0]))
    if not named:
        return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in COLUMNS.items()})
    numbers = np.repeat(np.arange(len(named)), [len(group) for group in named])
    return pd.DataFrame({"image": np.concatenate(named), "group": numbers}).astype(COLUMNS)


def count_features(database: Path, photographs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the features of each photograph in a database, (n,) int64."""
    with pycolmap.Database.open(database) as opened:
        known = {copy_index(image.name): image.image_id for image in opened.read_all_images()}
        return np.array([opened.num_keypoints_for_image(known[index]) for index in photographs.tolist()], np.int64)
