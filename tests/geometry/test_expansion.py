from collections import defaultdict
from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bitscape.geometry.expansion import feature_tracks, likely_pairs

COUNT = 7
Matches = list[tuple[int, int, np.ndarray]]


@st.composite
def matched(draw: st.DrawFn) -> Matches:
    """Draw the matches of some pairs of seven photographs with six features each."""
    pairs = draw(st.lists(st.sampled_from(list(combinations(range(COUNT), 2))), unique=True, max_size=12))
    feature = st.tuples(st.integers(0, 5), st.integers(0, 5))
    return [
        (i, j, np.array(draw(st.lists(feature, unique=True, max_size=4)), np.int64).reshape(-1, 2)) for i, j in pairs
    ]


def walk(matches: Matches) -> list[set[int]]:
    """Follow the matches from feature to feature; give the photographs of each track."""
    links = defaultdict(set)
    for i, j, some in matches:
        for one, other in some.tolist():
            links[i, one].add((j, other))
            links[j, other].add((i, one))
    tracks, seen = [], set()
    for start in links:
        ahead, track = [start], set()
        while ahead:
            node = ahead.pop()
            if node not in seen:
                seen.add(node)
                track.add(node[0])
                ahead += links[node]
        if track:
            tracks.append(track)
    return tracks


@given(matched())
@settings(deadline=None, max_examples=60)
def test_tracks_equal_a_walk(matches: Matches) -> None:
    found = feature_tracks(COUNT, matches).T.toarray()
    assert sorted(map(sorted, walk(matches))) == sorted(np.flatnonzero(column).tolist() for column in found)
    assert set(np.unique(found)) <= {0, 1}


@given(matched(), st.integers(1, 3))
@settings(deadline=None, max_examples=60)
def test_likely_pairs_share_tracks_and_were_not_tried(matches: Matches, least: int) -> None:
    tried = np.array([(i, j) for i, j, _ in matches], np.int64).reshape(-1, 2)
    tracks = walk(matches)
    own = [sum(at in track for track in tracks) for at in range(COUNT)]
    share = {}
    for i, j in combinations(range(COUNT), 2):
        common = sum({i, j} <= track for track in tracks)
        if common >= least and [i, j] not in tried.tolist():
            share[i, j] = common / min(own[i], own[j])
    found = likely_pairs(feature_tracks(COUNT, matches), tried, least)
    assert [tuple(pair) for pair in found.tolist()] == sorted(share, key=lambda pair: (-share[pair], pair))


def test_tracks_that_join_everything_are_dropped() -> None:
    chain = [(at, at + 1, np.array([[0, 0], [at + 1, 5]])) for at in range(6)]
    whole = feature_tracks(COUNT, chain)
    assert whole.sum(axis=0).tolist().count(7) == 1
    assert feature_tracks(COUNT, chain, longest=3).sum(axis=0).max() <= 3
