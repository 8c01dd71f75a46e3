import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry import candidates
from bitscape.geometry.candidates import candidate_pairs, nearest_neighbours, neighbour_pairs, sequential_pairs


def unit(count: int, seed: int, dimensions: int = 16) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, dimensions)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize(("count", "pairs"), [(0, 0), (1, 0), (2, 1), (7, 21)])
def test_small_collections_are_exhaustive(count: int, pairs: int) -> None:
    found = candidate_pairs(["a.jpg"] * count, unit(count, 0), Reconstruct(exhaustive_below=7, neighbours=1))
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
    assert neighbour_pairs(rows, neighbours).tolist() == sorted(map(list, expected))


def test_duplicates_are_paired_and_never_with_themselves() -> None:
    rows = np.repeat(unit(3, 1), 30, axis=0)
    pairs = neighbour_pairs(rows, 5)
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


def test_a_sequence_is_read_as_people_read_it() -> None:
    names = ["b/img2.jpg", "b/img10.jpg", "b/img1.jpg", "a/IMG_3.jpg", "a/img_4.jpg", "img5.jpg", "b/img9.jpg"]
    in_order = [(2, 0), (0, 6), (6, 1), (3, 4)]  # b: 1, 2, 9, 10; a: 3, 4; the last lies alone
    assert sequential_pairs(names, 1).tolist() == sorted(sorted(pair) for pair in in_order)
    assert len(sequential_pairs(names, 99)) == 6 + 1
    assert sequential_pairs([], 3).shape == (0, 2)


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=40), st.integers(1, 8), st.integers(1, 8))
@settings(deadline=None, max_examples=30)
def test_strategies_are_united(folders: list[str], neighbours: int, window: int) -> None:
    names = [f"{folder}/{at:03d}.jpg" for at, folder in enumerate(folders)]
    rows = unit(len(names), len(names))
    both = Reconstruct(
        strategies=["sequential", "neighbours"], exhaustive_below=1, neighbours=neighbours, window=window
    )
    found = set(map(tuple, candidate_pairs(names, rows, both).tolist()))
    near = set(map(tuple, neighbour_pairs(rows, neighbours).tolist()))
    places = {folder: [at for at, own in enumerate(folders) if own == folder] for folder in folders}
    ahead = {
        (at, other) for own in places.values() for k, at in enumerate(own) for other in own[k + 1 : k + 1 + window]
    }
    assert found == near | ahead
    every = Reconstruct(strategies=["exhaustive", "neighbours"], exhaustive_below=1)
    assert len(candidate_pairs(names, rows, every)) == len(names) * (len(names) - 1) // 2
