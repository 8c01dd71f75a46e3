from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitscape.geometry.view_graph import ViewGraph
from bitscape.geometry.weak_links import FEW, WEAK, doubts, weak_links


def graph_of(count: int, weights: dict[tuple[int, int], int]) -> ViewGraph:
    pairs = sorted(weights)
    return ViewGraph(count, np.array(pairs, np.int64).reshape(-1, 2), np.array([weights[pair] for pair in pairs]))


def clique(members: range, inliers: int) -> dict[tuple[int, int], int]:
    return dict.fromkeys(combinations(members, 2), inliers)


def test_components_are_sorted_by_size_then_by_the_first() -> None:
    graph = graph_of(9, {(0, 3): 20, (1, 4): 20, (4, 6): 15, (2, 8): 30})
    assert [part.tolist() for part in graph.components()] == [[1, 4, 6], [0, 3], [2, 8], [5], [7]]
    assert graph_of(0, {}).components() == []


@pytest.mark.parametrize("bridges", [1, 3, FEW, FEW + 1])
def test_two_scenes_joined_by_few_weak_pairs(bridges: int) -> None:
    weights = clique(range(6), 200) | clique(range(6, 11), 150)
    across = {(at % 6, 6 + at % 5): 20 + at for at in range(bridges)}
    graph = graph_of(11, weights | across)
    told = doubts(graph, np.arange(11) * 10, [[10 * at for at in range(11)]], smallest=3)
    named = sorted(([10 * i, 10 * j, inliers] for (i, j), inliers in across.items()), key=lambda row: -row[2])
    assert told["suspicious"] == ([{"model": 0, "pairs": named}] if bridges <= FEW else [])


def test_few_but_strong_pairs_are_no_suspicion() -> None:
    weights = clique(range(5), 200) | clique(range(5, 10), 200) | {(4, 5): 120}
    assert weak_links(graph_of(10, weights), np.arange(10), 3) == []


def test_one_photograph_at_the_margin_is_no_suspicion() -> None:
    weights = clique(range(8), 200) | {(7, 8): 16}
    assert weak_links(graph_of(9, weights), np.arange(9), 3) == []
    assert len(weak_links(graph_of(9, weights), np.arange(9), 1)) == 1


def test_one_scene_that_broke_in_two() -> None:
    weights = clique(range(4), 100) | clique(range(4, 8), 100) | {(0, 4): 15, (1, 5): 40}
    told = doubts(graph_of(9, weights), np.arange(9), [[0, 1, 2, 3], [4, 5, 6, 7]], smallest=3)
    assert told == {"suspicious": [], "apart": [{"models": [0, 1], "pairs": [[1, 5, 40], [0, 4, 15]]}]}


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 4)), max_size=30))
def test_pairs_across_models_are_those_that_a_walk_over_all_pairs_of_models_finds(drawn) -> None:
    weights = {(min(i, j), max(i, j)): inliers for i, j, inliers in drawn if i != j}
    models = [[0, 1, 2], [3, 4, 5], [6, 7]]  # 8 and 9 are in none
    known = []
    for one, other in combinations(range(3), 2):
        rows = [[*pair, w] for pair, w in sorted(weights.items()) if {one, other} == {min(p // 3, 3) for p in pair}]
        rows = [row for row in rows if max(row[:2]) < 8]
        if rows:
            known.append({"models": [one, other], "pairs": sorted(rows, key=lambda row: -row[2])[:10]})
    assert doubts(graph_of(10, weights), np.arange(10), models, smallest=9)["apart"] == known


def weak_cuts(weights: dict[tuple[int, int], int], count: int, smallest: int) -> set[frozenset[tuple[int, int]]]:
    """Enumerate the ways to part the photographs by few, weak pairs."""
    limit = WEAK * float(np.median(list(weights.values())))
    cuts = set()
    for size in range(smallest, count - smallest + 1):
        for part in combinations(range(count), size):
            across = frozenset(pair for pair in weights if (pair[0] in part) != (pair[1] in part))
            if len(across) <= FEW and max(weights[pair] for pair in across) <= limit:
                cuts.add(across)
    return cuts


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_what_is_told_is_a_cut_by_few_and_weak_pairs(data: st.DataObject) -> None:
    count = 8
    path = [(at, at + 1) for at in range(count - 1)]
    more = data.draw(st.lists(st.sampled_from(list(combinations(range(count), 2))), unique=True, max_size=12))
    weights = {pair: data.draw(st.integers(15, 300)) for pair in {*path, *more}}
    graph = graph_of(count, weights)
    told = [frozenset(map(tuple, graph.pairs[rows].tolist())) for rows in weak_links(graph, np.arange(count), 2)]
    assert set(told) <= weak_cuts(weights, count, 2)
    assert len(set(told)) == len(told)


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_a_planted_cut_is_found(data: st.DataObject) -> None:
    size = data.draw(st.integers(3, 5))
    inside = [*combinations(range(size), 2), *combinations(range(size, 8), 2)]
    across = data.draw(
        st.lists(st.tuples(st.integers(0, size - 1), st.integers(size, 7)), unique=True, min_size=1, max_size=FEW)
    )
    weights = {pair: data.draw(st.integers(100, 300)) for pair in inside}
    weights |= {pair: data.draw(st.integers(15, 49)) for pair in across}
    graph = graph_of(8, weights)
    told = [set(map(tuple, graph.pairs[rows].tolist())) for rows in weak_links(graph, np.arange(8), 3)]
    assert set(across) in told
