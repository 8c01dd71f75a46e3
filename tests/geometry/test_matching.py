"""Rounds of matching where the database has all pairs already: what is chosen is read there, nothing is computed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry import matching
from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.matching import match_collection
from bitscape.geometry.view_graph import ViewGraph, read_inlier_matches, read_view_graph

Synthesize = Callable[..., tuple[Path, pycolmap.Reconstruction]]
NAMES = [f"a/{at}.jpg" for at in range(12)]
PHOTOGRAPHS = np.arange(12) * 3


def rows(seed: int) -> np.ndarray:
    """Descriptors that say nothing."""
    drawn = np.random.default_rng(seed).normal(size=(12, 8)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def test_the_view_graph_is_what_the_database_says(synthesize: Synthesize) -> None:
    database, truth = synthesize(frames=6, points=200)
    with pycolmap.Database.open(database) as opened:
        opened.delete_two_view_geometry(1, 4)  # photographs 0 and 9
    positions = np.array([15, 0, 3, 9])
    graph = read_view_graph(database, positions)
    shared = len({feature.point3D_id for feature in truth.images[1].points2D if feature.has_point3D()})
    assert graph.pairs.tolist() == [[0, 1], [0, 2], [0, 3], [1, 2], [2, 3]]
    assert graph.inliers.tolist() == [shared] * 5  # every photograph sees every point
    for i, j, matches in read_inlier_matches(database, positions, graph):
        for one, other in matches.tolist():
            first, second = truth.images[1 + (5, 0, 1, 3)[i]], truth.images[1 + (5, 0, 1, 3)[j]]
            assert first.points2D[one].point3D_id == second.points2D[other].point3D_id
    assert read_view_graph(database, positions, np.array([[1, 0]])).pairs.tolist() == [[0, 1]]


def test_pairs_grow_within_the_budget_and_along_what_is_verified(synthesize: Synthesize, tmp_path: Path) -> None:
    database, _ = synthesize(frames=12, points=400)
    settings = Reconstruct(exhaustive_below=1, neighbours=1, matches=4)
    tried = match_collection(database, PHOTOGRAPHS, NAMES, rows(0), tmp_path, settings, 0)
    assert len(tried) == 4 * 12
    assert (tried[:, 0] < tried[:, 1]).all()
    assert tried.tolist() == sorted(tried.tolist())
    every = match_collection(database, PHOTOGRAPHS, NAMES, rows(0), tmp_path, Reconstruct(), 0)
    assert len(every) == 66
    more = match_collection(
        database, PHOTOGRAPHS, NAMES, rows(0), tmp_path, Reconstruct(exhaustive_below=1, matches=99), 0
    )
    assert more.tolist() == every.tolist()


def test_tracks_lead_to_all_of_a_scene_and_to_no_other(
    synthesize: Synthesize, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two scenes of six: each photograph's nearest is of its own, and the rounds complete the scenes alone."""
    first, _ = synthesize(frames=6, points=300, first=0)
    second, _ = synthesize(frames=6, points=300, first=18)
    both = tmp_path / "both.db"
    with (
        pycolmap.Database.open(first) as one,
        pycolmap.Database.open(second) as other,
        pycolmap.Database.open(both) as merged,
    ):
        pycolmap.Database.merge(one, other, merged)
    monkeypatch.setattr(matching, "BRIDGES", 0)  # which descriptors lead to
    angles = np.radians([*range(0, 60, 10), *range(120, 180, 10)])
    descriptors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    settings = Reconstruct(exhaustive_below=1, neighbours=2, matches=9)
    tried = match_collection(both, PHOTOGRAPHS, NAMES, descriptors, tmp_path, settings, 0)
    assert {(i // 6, j // 6) for i, j in tried.tolist()} == {(0, 0), (1, 1)}
    assert len(tried) == 2 * 15


def test_an_empty_graph_has_no_matches(synthesize: Synthesize) -> None:
    database, _ = synthesize(frames=3)
    empty = ViewGraph(3, np.empty((0, 2), np.int64), np.empty(0, np.int64))
    assert list(read_inlier_matches(database, np.arange(3) * 3, empty)) == []
