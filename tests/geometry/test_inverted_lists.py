import numpy as np
import pytest

from bitscape.geometry import candidates
from bitscape.geometry.candidates import nearest_neighbours
from bitscape.geometry.inverted_lists import listed_neighbours


def scenes(count: int, scene: int, noise: float) -> np.ndarray:
    """Descriptors of scenes, as photographs of one place resemble each other."""
    generator = np.random.default_rng(0)
    places = generator.normal(size=(count // scene, 32))
    rows = np.repeat(places, scene, axis=0) + noise * generator.normal(size=(count, 32))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("noise", [0.3, 1.0])
def test_nearly_all_neighbours_are_found(noise: float) -> None:
    rows = scenes(3000, 30, noise)
    exact = np.argsort(-(rows[:400] @ rows.T), axis=1, kind="stable")[:, :11]
    found = listed_neighbours(rows[:400], rows, 11)
    assert np.mean([len(set(one) & set(other)) / 11 for one, other in zip(found, exact, strict=True)]) > 0.95
    products = np.einsum("qd,qkd->qk", rows[:400], rows[found])
    assert (np.diff(products, axis=1) <= 1e-6).all()
    assert np.array_equal(found, listed_neighbours(rows[:400], rows, 11))


def test_lists_that_hold_too_few_are_made_up_for() -> None:
    rows = scenes(60, 30, 0.1)
    found = listed_neighbours(rows, rows, 60)
    assert np.array_equal(np.sort(found, axis=1), np.tile(np.arange(60), (60, 1)))


def test_large_collections_are_searched_by_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = scenes(900, 30, 0.3)
    exact = nearest_neighbours(rows, rows, 6)
    monkeypatch.setattr(candidates, "EXACT", 899)
    listed = nearest_neighbours(rows, rows, 6)
    assert listed.shape == exact.shape
    assert np.mean(listed == exact) > 0.95
