import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bitscape.collection.units import units

ROWS = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.none() | st.sampled_from("abcd")), max_size=14)


def joined(rows: list[tuple[str, str | None]]) -> np.ndarray:
    """Transitive closure by Warshall's algorithm: (n, n) bool."""
    n = len(rows)
    reach = np.eye(n, dtype=bool)
    for i, j in itertools.product(range(n), repeat=2):
        reach[i, j] |= rows[i][0] == rows[j][0] or (rows[i][1] is not None and rows[i][1] == rows[j][1])
    for k in range(n):
        reach |= np.outer(reach[:, k], reach[k])
    return reach


@given(ROWS)
def test_units_are_the_transitive_closure(rows: list[tuple[str, str | None]]):
    found = units([pixel for pixel, _ in rows], [group for _, group in rows])
    np.testing.assert_array_equal(found[:, None] == found[None, :], joined(rows))


@given(ROWS)
def test_units_are_numbered_by_their_first_photograph(rows: list[tuple[str, str | None]]):
    found = units([pixel for pixel, _ in rows], [group for _, group in rows]).tolist()
    assert list(dict.fromkeys(found)) == list(range(len(set(found))))


def test_a_group_named_like_a_hash_joins_nothing():
    assert units(["a", "b"], [None, "a"]).tolist() == [0, 1]
