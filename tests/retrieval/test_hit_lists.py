"""The checks of the metrics in the specification of ATH (1.7 and 1.10)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitscape.retrieval.hit_lists import (
    hit_ratio_at_k,
    map_at_k_over_hits,
    map_at_k_over_k,
    map_at_k_over_min,
    reciprocal_rank,
    reciprocal_rank_of_hits_only,
)

TOY = [[1, 0, 1, 0], [0, 0, 0, 0], [0, 1, 0, 0]]
# Photographs of each class in the training set (the database) and in the test set (the queries).
ISEE = [648, 243, 405, 711, 6993], [72, 27, 45, 79, 777]
MIMIC = [10_000, 5_000, 3_000, 1_000, 1_000], [1_000, 500, 300, 100, 100]


def test_the_toy_lists_have_the_authors_values():
    assert hit_ratio_at_k(TOY, 4) == 0.25
    assert map_at_k_over_k(TOY, 4) == pytest.approx(0.1806, abs=5e-5)
    assert reciprocal_rank_of_hits_only(TOY, 4) == 0.75


def test_the_toy_lists_have_the_usual_values():
    assert map_at_k_over_hits(TOY, 4) == pytest.approx(0.4444, abs=5e-5)
    assert reciprocal_rank(TOY, 4) == 0.5
    # By hand: (1/1 + 2/3) / min(5, 4), 0, (1/2) / min(1, 4).
    assert map_at_k_over_min(TOY, 4, [5, 2, 1]) == pytest.approx((5 / 12 + 0 + 1 / 2) / 3)


def test_only_the_first_k_ranks_count():
    assert hit_ratio_at_k(TOY, 2) == pytest.approx(1 / 3)
    assert reciprocal_rank([[0, 0, 1]], 2) == 0
    with pytest.raises(ValueError, match="at least k = 5"):
        hit_ratio_at_k(TOY, 5)


def test_without_any_hit_the_authors_mrr_is_not_a_number():
    assert np.isnan(reciprocal_rank_of_hits_only([[0, 0]], 2))


def test_macro_is_the_mean_of_the_classes_means():
    classes = ["a", "b", "a"]
    assert hit_ratio_at_k(TOY, 4, classes) == pytest.approx(((0.5 + 0.25) / 2 + 0) / 2)
    assert reciprocal_rank(TOY, 4, classes) == pytest.approx((0.75 + 0) / 2)
    assert reciprocal_rank_of_hits_only(TOY, 4, classes) == 0.75


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 8), st.integers(1, 6))
def test_they_equal_a_plain_walk_down_the_lists(seed, k, queries):
    hits = np.random.default_rng(seed).integers(0, 2, (queries, 8))
    sums, founds, firsts = [], [], []
    for row in hits:
        total = found = first = 0
        for rank in range(1, k + 1):
            if row[rank - 1]:
                found += 1
                total += found / rank
                first = first or 1 / rank
        sums.append(total)
        founds.append(found)
        firsts.append(first)
    assert hit_ratio_at_k(hits, k) == pytest.approx(np.mean(founds) / k)
    assert map_at_k_over_k(hits, k) == pytest.approx(np.mean(sums) / k)
    assert map_at_k_over_hits(hits, k) == pytest.approx(np.mean(np.array(sums) / np.maximum(founds, 1)))
    assert reciprocal_rank(hits, k) == pytest.approx(np.mean(firsts))
    only = [first for first in firsts if first]
    assert reciprocal_rank_of_hits_only(hits, k) == pytest.approx(np.mean(only) if only else np.nan, nan_ok=True)


def _labels(counts):
    return np.repeat(np.arange(5), counts)


@pytest.mark.parametrize(("lists", "expected"), [(ISEE, (0.618, 0.513, 0.815)), (MIMIC, (0.340, 0.202, 0.583))])
def test_random_rankings_of_the_published_label_lists_have_the_reference_levels(lists, expected):
    rng = np.random.default_rng(0)
    database, queries = map(_labels, lists)
    # With replacement: of thousands of items ten are drawn, and the means are the same to four digits.
    hits = database[rng.integers(0, len(database), (40 * len(queries), 10))] == np.tile(queries, 40)[:, None]
    found = hit_ratio_at_k(hits, 10), map_at_k_over_k(hits, 10), reciprocal_rank_of_hits_only(hits, 10)
    # Four standard errors at a deviation of at most 0.4, and half of the last digit.
    assert found == pytest.approx(expected, abs=4 * 0.4 / np.sqrt(len(hits)) + 5e-4)


@pytest.mark.parametrize(("lists", "share"), [(ISEE, 0.777), (MIMIC, 0.5)])
def test_always_the_majority_has_the_reference_levels(lists, share):
    queries = _labels(lists[1])
    hits = np.repeat(queries[:, None] == np.argmax(lists[1]), 10, axis=1)
    assert hit_ratio_at_k(hits, 10) == pytest.approx(share)
    assert map_at_k_over_k(hits, 10) == pytest.approx(share)
    assert reciprocal_rank_of_hits_only(hits, 10) == 1
    assert hit_ratio_at_k(hits, 10, queries) == pytest.approx(0.2)
