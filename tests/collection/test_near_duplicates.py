import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitscape.collection import near_duplicates as module
from bitscape.collection.look import Look
from bitscape.collection.near_duplicates import ALIKE, near_duplicates

RAMP = np.arange(256, dtype=np.uint8)
THUMBNAILS = [RAMP, RAMP[::-1], np.roll(RAMP, 1), np.roll(RAMP, 3), np.roll(RAMP, 90), RAMP // 2]
LOOKS = st.builds(
    lambda bits, thumbnail: Look(np.packbits(bits + [0] * 52).tobytes(), THUMBNAILS[thumbnail].tobytes()),
    st.lists(st.integers(0, 1), min_size=12, max_size=12),
    st.integers(0, len(THUMBNAILS) - 1),
)


def alike(one: Look | None, other: Look | None, radius: int) -> bool:
    """Compare two looks as the definition says, with integers and NumPy's own correlation."""
    if one is None or other is None:
        return False
    bits = (int.from_bytes(one.hash) ^ int.from_bytes(other.hash)).bit_count()
    thumbnails = [np.frombuffer(look.thumbnail, np.uint8) for look in (one, other)]
    return bits <= radius and np.corrcoef(*thumbnails)[0, 1] >= ALIKE


@given(st.lists(st.none() | LOOKS, max_size=14), st.integers(0, 6), st.integers(1, 5))
def test_groups_are_the_transitive_closure_of_pairs(looks: list[Look | None], radius: int, queries: int) -> None:
    n = len(looks)
    reach = np.eye(n, dtype=bool)
    for i, j in itertools.product(range(n), repeat=2):
        reach[i, j] |= alike(looks[i], looks[j], radius)
    for k in range(n):
        reach |= np.outer(reach[:, k], reach[k])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "QUERIES", queries)
        patch.setattr(module, "PAIRS", queries)
        groups = near_duplicates(looks, radius)
    np.testing.assert_array_equal(groups[:, None] == groups[None, :], reach)
    assert groups.tolist() == [int(np.flatnonzero(row)[0]) for row in reach]


@given(st.lists(st.none() | LOOKS, max_size=8))
def test_without_a_radius_nothing_is_joined(looks: list[Look | None]) -> None:
    assert near_duplicates(looks, None).tolist() == [*range(len(looks))]


def test_a_long_burst_is_joined_without_all_its_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    whole = module._confirmed
    monkeypatch.setattr(module, "_confirmed", lambda rows, a, b: compared.append(len(a)) or whole(rows, a, b))
    burst = [Look(bytes(8), RAMP.tobytes())] * 1000
    assert set(near_duplicates(burst, 8).tolist()) == {0}
    assert sum(compared) <= module.QUERIES * len(burst)
