"""Matching a whole collection in rounds, within a number of pairs that grows linearly with it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bitscape.core.params import Reconstruct
from bitscape.geometry.candidates import candidate_pairs
from bitscape.geometry.expansion import feature_tracks, likely_pairs, lonely_pairs
from bitscape.geometry.features import match
from bitscape.geometry.view_graph import read_inlier_matches, read_view_graph

ROUNDS = 3  # after the first; each knows the pairs that the one before verified
LEAST_TRACKS = 5  # that a pair must share to be tried
ENOUGH = 3  # verified pairs of a photograph that is well connected


def match_collection(
    database: Path,
    photographs: NDArray[np.int64],
    names: Sequence[str],
    descriptors: NDArray[np.float32],
    scratch: Path,
    settings: Reconstruct,
    seed: int,
) -> NDArray[np.int64]:
    """Match candidates, then the neighbours of verified neighbours; pairs that the database has are not matched again.

    What is chosen depends on the arguments alone, not on what the database holds of an earlier, interrupted run.

    Args:
        database: with the features of all photographs.
        photographs: (n,) indices.
        names: (n,) their paths.
        descriptors: (n, D) float32, rows of unit length.
        scratch: folder for the lists that COLMAP reads.
        settings: strategies and the budget `matches`.
        seed: of RANSAC.

    Returns:
        (m, 2) int64, all pairs tried, rows `i < j` of positions in `photographs`, sorted; m is at most
        `n * matches`, or as many as the strategies chose at first.
    """
    count = len(photographs)
    tried = candidate_pairs(names, descriptors, settings)
    match(database, photographs[tried], scratch, settings, seed)
    budget = min(settings.matches * count, count * (count - 1) // 2)
    for left in range(ROUNDS, 0, -1):
        room = -(-(budget - len(tried)) // left)
        if room <= 0:
            break
        graph = read_view_graph(database, photographs, tried)
        tracks = feature_tracks(count, read_inlier_matches(database, photographs, graph))
        chosen = likely_pairs(tracks, tried, LEAST_TRACKS)[:room]
        if not len(chosen) or left == 1:  # what the matches lead to comes first
            degree = np.bincount(graph.pairs.ravel(), minlength=count)
            known = np.concatenate([tried, chosen])
            further = lonely_pairs(degree, descriptors, known, ENOUGH, settings.matches)
            chosen = np.concatenate([chosen, further[: room - len(chosen)]])
        if not len(chosen):
            break
        match(database, photographs[chosen], scratch, settings, seed)
        tried = np.unique(np.concatenate([tried, chosen]), axis=0)
    return tried
