"""Matching a whole collection in rounds, within a number of pairs that grows linearly with it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry.bridges import bridging_pairs, lonely_pairs
from bitscape.geometry.candidates import candidate_pairs
from bitscape.geometry.expansion import feature_tracks, likely_pairs
from bitscape.geometry.features import match
from bitscape.geometry.view_graph import ViewGraph, read_inlier_matches, read_view_graph

ROUNDS = 3  # after the first; each knows the pairs that the one before verified
LEAST_TRACKS = 5  # that a pair must share to be tried
BRIDGES = 8  # pairs that a component is offered to others
AHEAD = 4  # times `matches`: neighbours among which they are sought, so that a burst is looked beyond
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
            chosen = np.concatenate([chosen, _further(graph, descriptors, np.concatenate([tried, chosen]), settings)])
            chosen = chosen[:room]
        if not len(chosen):
            break
        match(database, photographs[chosen], scratch, settings, seed)
        tried = np.unique(np.concatenate([tried, chosen]), axis=0)
    return tried


def _further(
    graph: ViewGraph, descriptors: NDArray[np.float32], tried: NDArray[np.int64], settings: Reconstruct
) -> NDArray[np.int64]:
    """Offer what only descriptors lead to: photographs with few verified pairs, and components without a bridge."""
    degree = np.bincount(graph.pairs.ravel(), minlength=graph.count)
    lonely = lonely_pairs(degree, descriptors, tried, ENOUGH, settings.matches)
    known = np.concatenate([tried, lonely])
    bridging = bridging_pairs(graph.labels(), descriptors, known, BRIDGES, AHEAD * settings.matches)
    return np.concatenate([lonely, bridging])
