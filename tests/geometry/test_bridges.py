from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bitscape.geometry.bridges import bridging_pairs, lonely_pairs


def test_the_lonely_are_offered_their_nearest_that_were_not_tried() -> None:
    angles = np.radians([0, 10, 25, 90, 100])
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    tried = np.array([[0, 1]])
    found = lonely_pairs(np.array([0, 9, 9, 1, 9]), rows, tried, enough=2, ahead=2).tolist()
    assert found == [[3, 4], [0, 2], [2, 3]]  # nearest of 3; second of 0; second of 3
    assert lonely_pairs(np.full(5, 2), rows, tried, enough=2, ahead=2).shape == (0, 2)


@given(st.lists(st.integers(0, 3), min_size=2, max_size=14), st.integers(1, 4), st.integers(0, 99))
@settings(deadline=None, max_examples=60)
def test_every_component_is_offered_its_likest_of_others(labels: list[int], each: int, seed: int) -> None:
    component, count = np.array(labels), len(labels)
    rows = np.random.default_rng(seed).normal(size=(count, 6)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    every = list(combinations(range(count), 2))
    tried = every[::5]
    expected = set()
    for own in set(labels):
        open_pairs = [pair for pair in every if pair not in tried and {own} < {labels[pair[0]], labels[pair[1]]}]
        expected |= set(sorted(open_pairs, key=lambda pair: -float(rows[pair[0]] @ rows[pair[1]]))[:each])
    found = bridging_pairs(component, rows, np.array(tried), each, ahead=count)
    assert {tuple(pair) for pair in found.tolist()} == expected
    assert len(found) == len(expected)


def test_a_burst_is_bridged_to_the_rest_of_its_place() -> None:
    """Forty shots of one view and three others of the place: every neighbour of a shot is a shot."""
    angles = np.radians([*np.linspace(0, 0.1, 40), 20, 21, 22])
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    component = np.array([0] * 40 + [1] * 3)
    found = bridging_pairs(component, rows, np.array([[0, 1]]), each=8, ahead=72)
    assert 8 <= len(found) <= 16
    assert (component[found] == [0, 1]).all()
