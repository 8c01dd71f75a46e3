from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from bitscape.geometry.linkage import complete_linkage

ITEMS = 9
PAIRS = st.lists(st.sampled_from([*combinations(range(ITEMS), 2)]), unique=True)


def groups_of(alike: dict[tuple[int, int], float]) -> list[list[int]]:
    pairs = np.array(sorted(alike), np.int64).reshape(-1, 2)
    return [group.tolist() for group in complete_linkage(pairs, np.array([alike[pair] for pair in sorted(alike)]))]


def by_scipy(alike: dict[tuple[int, int], float]) -> list[list[int]]:
    distance = 1 - np.eye(ITEMS)
    for (one, other), value in alike.items():
        distance[one, other] = distance[other, one] = 1 - value
    labels = fcluster(linkage(squareform(distance), "complete"), 0.99, "distance")
    groups = [np.flatnonzero(labels == label).tolist() for label in np.unique(labels)]
    return sorted(group for group in groups if len(group) > 1)


@given(PAIRS, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=300)
def test_where_no_two_are_equal_it_is_scipy_s_complete_linkage(listed, random) -> None:
    values = random.sample(range(2, 100), len(listed))  # hundredths
    alike = {pair: value / 100 for pair, value in zip(listed, values, strict=True)}
    assert groups_of(alike) == by_scipy(alike)


@given(PAIRS, st.data())
@settings(deadline=None, max_examples=200)
def test_every_two_of_a_group_are_a_pair_and_no_two_groups_could_be_one(listed, data) -> None:
    alike = {pair: data.draw(st.sampled_from([0.5, 0.75, 1.0])) for pair in listed}
    groups = groups_of(alike)
    assert sorted(groups) == groups
    alone = [[item] for item in range(ITEMS) if all(item not in group for group in groups)]
    assert sorted(item for group in groups + alone for item in group) == list(range(ITEMS))
    for group in groups:
        assert set(combinations(group, 2)) <= set(alike)
    for one, other in combinations(groups + alone, 2):
        assert not set(combinations(sorted(one + other), 2)) <= set(alike)
    assert groups_of(dict(reversed(alike.items()))) == groups


def test_the_least_alike_two_members_count() -> None:
    """By single or average linkage 2 would go to 0 and 1, to one of which it is alike more than to 3."""
    alike = {(0, 1): 0.95, (0, 2): 0.9, (1, 2): 0.6, (2, 3): 0.7}
    assert groups_of(alike) == [[0, 1], [2, 3]]
