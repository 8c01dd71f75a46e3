import tracemalloc
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry.bursts import burst_groups, burst_table, count_features
from bitscape.geometry.copies import write_copies
from bitscape.geometry.features import extract, match
from bitscape.geometry.view_graph import ViewGraph, read_view_graph

RULES = Reconstruct(burst_similarity=0.9, burst_overlap=0.4)


def groups_of(inliers: dict[tuple[int, int], int], count: int, angles: list[float] | None = None) -> list[list[int]]:
    pairs = sorted(inliers)
    graph = ViewGraph(count, np.array(pairs, np.int64).reshape(-1, 2), np.array([inliers[pair] for pair in pairs]))
    turned = np.radians(angles or [0] * count)
    descriptors = np.stack([np.cos(turned), np.sin(turned)], axis=1).astype(np.float32)
    return [group.tolist() for group in burst_groups(graph, np.full(count, 1000), descriptors, RULES)]


def test_a_burst_is_a_group_and_other_views_are_none() -> None:
    burst = {(1, 3): 700, (1, 5): 650, (3, 5): 600}
    assert groups_of(burst | {(0, 1): 200, (0, 2): 399, (2, 4): 400}, 6) == [[1, 3, 5], [2, 4]]
    assert groups_of({}, 3) == []


def test_features_alone_or_descriptors_alone_do_not_make_a_burst() -> None:
    assert groups_of({(0, 1): 900}, 2, [0, 40]) == []
    assert groups_of({(0, 1): 300}, 2, [0, 0]) == []
    assert groups_of({(0, 1): 900}, 2, [0, 20]) == [[0, 1]]


def test_descriptors_decide_where_features_do_not() -> None:
    """All features match; arccos 0.9 is 25.84 degrees."""
    everything = dict.fromkeys(combinations(range(4), 2), 900)
    assert groups_of(everything, 4, [0, 25.8, 90, 115.8]) == [[0, 1], [2, 3]]
    assert groups_of(everything, 4, [0, 25.9, 90, 115.9]) == []
    assert groups_of(everything, 4, [0, 12, 25, 50]) == [[0, 1, 2]]  # 2 and 3 are alike, 0 and 3 are not


def test_a_slow_pan_is_not_one_group() -> None:
    groups = groups_of({(at, at + 1): 500 + at for at in range(9)}, 10)
    assert all(len(group) == 2 for group in groups)
    assert sorted(at for group in groups for at in group) == list(range(10))


def test_a_long_pan_takes_memory_by_its_pairs() -> None:
    """8,000 frames, each like the next five, less and less: all one component, whose dense matrix would take 512 MB."""
    frames, ahead = 8_000, 5
    steps = np.arange(1, ahead + 1)
    pairs = np.stack([np.repeat(np.arange(frames), ahead), (np.arange(frames)[:, None] + steps).ravel()], axis=1)
    inliers = np.tile(1000 - 100 * steps, frames) - np.random.default_rng(0).integers(0, 99, len(pairs))
    there = pairs[:, 1] < frames
    graph = ViewGraph(frames, pairs[there], inliers[there])
    assert len(graph.components()) == 1
    features, descriptors = np.full(frames, 1000), np.ones((frames, 1), np.float32)
    tracemalloc.start()
    groups = burst_groups(graph, features, descriptors, RULES)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"{peak / 1e6:.1f} MB, {peak / len(graph.pairs):.0f} bytes a pair, {len(groups)} groups")
    assert peak < 1000 * len(graph.pairs)
    assert sum(map(len, groups)) > 0.8 * frames
    assert all(group[-1] - group[0] <= ahead for group in groups)


def test_the_table_is_sorted_and_numbered_by_the_first_image() -> None:
    table = burst_table([np.array([0, 2]), np.array([1, 3, 4])], np.array([50, 7, 10, 2, 90]))
    assert table.to_numpy().tolist() == [[2, 0], [7, 0], [90, 0], [10, 1], [50, 1]]
    assert table.dtypes.astype(str).tolist() == ["int32", "int32"]
    pd.testing.assert_frame_equal(burst_table([], np.array([1])), table.iloc[:0])


def test_real_views_of_a_place_are_none_and_a_burst_of_one_is_found(shared_data: Path, tmp_path: Path) -> None:
    """Three neighbouring views of a place, and the middle one again: with noise, and a little shifted."""
    views = [Image.open(path) for path in sorted((shared_data / "photos/herzjesu_P25").iterdir())[11:14]]
    width, height = views[1].size
    drawn = np.random.default_rng(0).normal(0, 6, (height, width, 3))
    noisy = Image.fromarray(np.clip(np.asarray(views[1]) + drawn, 0, 255).astype(np.uint8))
    shifted = views[1].crop((20, 10, width - 10, height - 10)).resize((width, height))
    files = []
    for index, view in enumerate([*views, noisy, shifted]):
        files.append((index, tmp_path / f"{index}.jpg"))
        view.save(files[-1][1], quality=90)
    names, indices = write_copies(files, tmp_path / "copies", 800, 5), np.arange(5)
    extract(tmp_path / "x.db", tmp_path / "copies", names, Reconstruct())
    match(tmp_path / "x.db", np.array(list(combinations(range(5), 2))), tmp_path, Reconstruct(), 0)
    graph, features = read_view_graph(tmp_path / "x.db", indices), count_features(tmp_path / "x.db", indices)
    assert len(graph.pairs) == 10
    groups = burst_groups(graph, features, np.ones((5, 1), np.float32), Reconstruct())
    assert [group.tolist() for group in groups] == [[1, 3, 4]]
