import numpy as np
import pytest

from bitscape.hamming.codes import pack
from bitscape.hamming.health import health


def test_all_combinations_of_eight_bits_are_perfect():
    found = health(np.arange(256, dtype=np.uint8)[:, None])
    assert found == pytest.approx((1.0, 1 / 256, 0.0, 0.0))
    assert not found.collapsed


def test_identical_codes_have_collapsed():
    found = health(np.full((10, 2), 7, np.uint8))
    assert found == (0.1, 1.0, 1.0, 1.0)
    assert found.collapsed


def test_share_of_distinct_codes_and_the_largest_group():
    found = health(np.array([[1], [1], [1], [2], [3]], np.uint8))
    assert found.distinct_share == pytest.approx(3 / 5)
    assert found.largest_share == pytest.approx(3 / 5)
    assert found.collapsed


def test_balance_and_correlation_are_those_of_numpy():
    generator = np.random.default_rng(0)
    signs = np.where(generator.random((200, 16)) < generator.uniform(0.2, 0.8, 16), 1, -1)
    signs[:, 3] = signs[:, 5]
    signs[:, 7] = -signs[:, 2]
    found = health(pack(signs))
    pairs = np.corrcoef(signs, rowvar=False)[np.triu_indices(16, 1)]
    assert found.correlation == pytest.approx(np.abs(pairs).mean(), abs=1e-6)
    assert found.imbalance == pytest.approx(np.abs(signs.mean(axis=0)).mean())


def test_a_constant_bit_is_told_nothing_by_any_other():
    signs = np.ones((4, 8), int)
    signs[:2, 0], signs[::2, 1] = -1, -1
    independent = 1
    assert health(pack(signs)).correlation == pytest.approx((28 - independent) / 28)


def test_a_single_bit_has_no_pair_to_be_correlated_with():
    assert health(np.array([[128], [0]], np.uint8), length=1) == (1.0, 0.5, 0.0, 0.0)


@pytest.mark.parametrize("width", [1, 2, 8, 9])
def test_blocks_of_codes_change_nothing(monkeypatch, width):
    codes = np.random.default_rng(0).integers(0, 4, (100, width)).astype(np.uint8)
    known = health(codes)
    monkeypatch.setattr("bitscape.hamming.health.BLOCK", 7)
    assert health(codes) == known
    assert known.distinct_share == len(np.unique(codes, axis=0)) / 100
