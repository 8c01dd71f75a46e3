import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pydantic import ValidationError

from bitscape.core.errors import BitscapeError
from bitscape.search.index import STORED, IndexSettings, build, nearest, recall

KINDS = ("flat", "ivf", "multihash", "hnsw")


def random_codes(count: int, bits: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, bits // 8), dtype=np.uint8)


def brute_force(queries: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Count the differing bits one by one."""
    return np.array(
        [[sum(bin(int(a) ^ int(b)).count("1") for a, b in zip(q, c, strict=True)) for c in codes] for q in queries]
    ).reshape(len(queries), len(codes))


@settings(max_examples=60, deadline=None)
@given(
    codes=arrays.arrays(
        np.uint8, st.tuples(st.integers(1, 40), st.sampled_from([1, 2, 4])), elements=st.integers(0, 5)
    ),
    k=st.integers(1, 50),
)
def test_the_exact_index_is_a_stable_sort_by_distance(codes, k):
    queries = codes[:3] ^ 1
    distances = brute_force(queries, codes)
    found = nearest(build(codes, IndexSettings()), queries, k)
    rows = np.argsort(distances, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(found.rows, rows)
    np.testing.assert_array_equal(found.distances, np.take_along_axis(distances, rows, axis=1))


def test_ties_at_the_cut_are_the_first_rows_in_a_large_index_too():
    codes = np.zeros((5000, 8), np.uint8)
    codes[::2] = 255
    found = nearest(build(codes, IndexSettings()), np.zeros((300, 8), np.uint8), 7)
    np.testing.assert_array_equal(found.rows, np.tile(np.arange(1, 15, 2), (300, 1)))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_tells_true_distances_in_order(kind):
    codes, queries = random_codes(300, 32), random_codes(5, 32, seed=1)
    found = nearest(build(codes, IndexSettings(kind=kind)), queries, 10)
    distances = brute_force(queries, codes)
    for query in range(5):
        there = found.rows[query] >= 0
        assert there.any()
        told = found.distances[query][there]
        np.testing.assert_array_equal(told, distances[query, found.rows[query][there]])
        assert (np.diff(told) >= 0).all()
        assert not there[np.argmin(there) :].any() or there.all()


@pytest.mark.parametrize(
    "exhaustive",
    [
        IndexSettings(kind="ivf", lists=8, probes=8),
        IndexSettings(kind="multihash", hashes=4, hash_bits=4, flips=4),
        IndexSettings(kind="hnsw", links=64, construction=400, beam=400),
    ],
    ids=lambda one: one.kind,
)
def test_looking_everywhere_finds_what_the_exact_scan_finds(exhaustive):
    codes, queries = random_codes(300, 32), random_codes(20, 32, seed=1)
    exact = nearest(build(codes, IndexSettings()), queries, 10)
    found = nearest(build(codes, exhaustive), queries, 10)
    np.testing.assert_array_equal(found.distances, exact.distances)
    assert recall(build(codes, exhaustive), codes, 10) == 1


def test_recall_counts_what_is_missed():
    codes = random_codes(2000, 64)
    narrow, wide = (IndexSettings(kind="ivf", lists=40, probes=probes) for probes in (1, 20))
    low, high = (recall(build(codes, one), codes, 10) for one in (narrow, wide))
    assert 0 < low < high <= 1
    # by enumeration: results that are as near as the exact tenth other row
    index = build(codes, narrow)
    asked = np.sort(np.random.default_rng(0).permutation(2000)[:1000])
    found = nearest(index, codes[asked], 11)
    shares = []
    for at, row in enumerate(asked[:50]):
        away = np.delete(np.bitwise_count(codes[row] ^ codes).sum(axis=1), row)
        limit = np.sort(away)[9]
        others = [
            distance
            for other, distance in zip(found.rows[at], found.distances[at], strict=True)
            if other >= 0 and other != row
        ]
        shares.append(sum(distance <= limit for distance in others[:10]) / 10)
    assert recall(index, codes, 10, sample=1000) == pytest.approx(low)
    assert abs(np.mean(shares) - low) < 0.15


def test_recall_of_the_exact_index_is_1_and_of_nothing_unknown():
    assert recall(build(random_codes(50, 16), IndexSettings()), random_codes(50, 16), 10) == 1
    one = random_codes(1, 16)
    assert np.isnan(recall(build(one, IndexSettings()), one, 10))


@pytest.mark.parametrize("kind", STORED)
def test_equal_codes_give_equal_indexes(kind):
    import faiss

    codes = random_codes(500, 64)
    first, second = (faiss.serialize_index_binary(build(codes, IndexSettings(kind=kind))) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [0, 1, 3])
def test_few_codes(kind, count):
    codes = random_codes(count, 16).reshape(count, 2)
    found = nearest(build(codes, IndexSettings(kind=kind)), random_codes(2, 16), 10)
    assert found.rows.shape == (2, count)


def test_queries_of_another_length_are_refused():
    with pytest.raises(BitscapeError, match="32 bits and the index 16"):
        nearest(build(random_codes(3, 16), IndexSettings()), random_codes(1, 32), 1)


def test_impossible_settings_are_refused():
    with pytest.raises(BitscapeError, match="9 inverted lists are more than the 8 codes"):
        build(random_codes(8, 16), IndexSettings(kind="ivf", lists=9))
    with pytest.raises(BitscapeError, match="4 tables of 8 bits are more than the 16 bits"):
        build(random_codes(8, 16), IndexSettings(kind="multihash", hash_bits=8))


@pytest.mark.parametrize("name", ["lists", "probes", "hashes", "hash_bits", "construction", "beam"])
def test_numbers_that_faiss_cannot_take_are_refused(name):
    for value in (10**7, 10**25):
        with pytest.raises(ValidationError, match="less than or equal to 1000000"):
            IndexSettings(kind="hnsw", **{name: value})


@pytest.mark.parametrize("name", ["construction", "beam"])
def test_the_largest_numbers_are_taken(name):
    codes = random_codes(50, 32)
    assert recall(build(codes, IndexSettings(kind="hnsw", **{name: 1_000_000})), codes, 5) == 1
