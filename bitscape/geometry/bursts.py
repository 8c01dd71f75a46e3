"""Near-duplicates and burst shots: photographs that show the same from the same place."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from bitscape.core.params import Reconstruct
from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.copies import copy_index
from bitscape.geometry.view_graph import ViewGraph

COLUMNS = {"image": "int32", "group": "int32"}


def burst_groups(
    graph: ViewGraph, features: NDArray[np.int64], descriptors: NDArray[np.float32], settings: Reconstruct
) -> list[NDArray[np.int64]]:
    """Group photographs of which every two are alike.

    Two are alike if their descriptors are (cosine at least `burst_similarity`) and so are their features (verified
    matches at least `burst_overlap` of the features of the one with fewer). Complete linkage keeps a slow pan, where
    each picture resembles the next, from becoming one group.

    Args:
        graph: the verified pairs.
        features: (n,) features of each photograph.
        descriptors: (n, D) float32, rows of unit length.
        settings: the two thresholds.

    Returns:
        Positions of each group of two or more, ascending; groups by their first.
    """
    first, second = graph.pairs.T
    overlap = graph.inliers / np.maximum(np.minimum(features[first], features[second]), 1)
    similar = np.einsum("ij,ij->i", descriptors[first], descriptors[second])
    alike = (overlap >= settings.burst_overlap) & (similar >= settings.burst_similarity)
    edges = ViewGraph(graph.count, graph.pairs[alike], graph.inliers[alike])
    shape = (graph.count, graph.count)
    weight = sparse.csr_array((np.minimum(overlap[alike], 1), (first[alike], second[alike])), shape=shape)
    groups = []
    for part in edges.components():
        if len(part) < 2:
            continue
        inner = weight[part][:, part].toarray()
        distance = 1 - (inner + inner.T)
        np.fill_diagonal(distance, 0)
        labels = fcluster(linkage(squareform(distance), "complete"), 1 - settings.burst_overlap, "distance")
        groups += [part[labels == label] for label in np.unique(labels)]
    return sorted((group for group in groups if len(group) > 1), key=lambda group: int(group[0]))


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
