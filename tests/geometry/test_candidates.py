import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitscape.geometry import candidates
from bitscape.geometry.candidates import candidate_pairs, nearest_neighbours


def unit(count: int, seed: int, dimensions: int = 16) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, dimensions)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize(("count", "pairs"), [(0, 0), (1, 0), (2, 1), (7, 21)])
def test_small_collections_are_exhaustive(count: int, pairs: int) -> None:
    found = candidate_pairs(unit(count, 0), exhaustive_below=7, neighbours=1)
    assert found.shape == (pairs, 2)
    assert len({tuple(pair) for pair in found.tolist() if pair[0] < pair[1]}) == pairs


@given(st.integers(8, 60), st.integers(1, 70), st.integers(0, 1000))
@settings(deadline=None, max_examples=30)
def test_neighbours_equal_brute_force(count: int, neighbours: int, seed: int) -> None:
    rows = unit(count, seed)
    similar = rows @ rows.T
    np.fill_diagonal(similar, -np.inf)
    expected = set()
    for one in range(count):
        for other in np.argsort(-similar[one])[: min(neighbours, count - 1)].tolist():
            expected.add((min(one, other), max(one, other)))
    assert candidate_pairs(rows, 0, neighbours).tolist() == sorted(map(list, expected))


def test_duplicates_are_paired_and_never_with_themselves() -> None:
    rows = np.repeat(unit(3, 1), 30, axis=0)
    pairs = candidate_pairs(rows, exhaustive_below=10, neighbours=5)
    assert (pairs[:, 0] < pairs[:, 1]).all()
    assert (pairs[:, 0] // 30 == pairs[:, 1] // 30).all()
    assert len(pairs) <= 90 * 5
    assert set(pairs.ravel().tolist()) == set(range(90))


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    queries, database = unit(50, 2), unit(40, 3)
    whole = nearest_neighbours(queries, database, 6)
    monkeypatch.setattr(candidates, "BLOCK", 7)
    assert np.array_equal(nearest_neighbours(queries, database, 6), whole)
    assert np.array_equal(whole, np.argsort(-(queries @ database.T), axis=1)[:, :6])


def test_nothing_to_search() -> None:
    assert nearest_neighbours(unit(0, 0), unit(3, 0), 2).shape == (0, 0)
    assert nearest_neighbours(unit(3, 0), unit(2, 0), 9).shape == (3, 2)
