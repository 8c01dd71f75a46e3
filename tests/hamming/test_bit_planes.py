"""The bit-sliced histograms against bits that are unpacked and counted one by one."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bitscape.hamming import ranking

bit_planes = pytest.importorskip("bitscape.hamming.bit_planes")
BLOCK = bit_planes.WORDS * 64


def counted(queries, database, starts, stops):
    left, right = ranking._words(queries, database)
    items, relevant = np.zeros((2, len(queries), queries.shape[1] * 8 + 1), np.int64)
    bit_planes.count_segments(0, len(left), left, right, np.array(starts), np.array(stops), items, relevant)
    return items, relevant


def one_by_one(queries, database, starts, stops):
    width = queries.shape[1] * 8 + 1
    left, right = np.unpackbits(queries, axis=1), np.unpackbits(database, axis=1)
    found = [(code != right).sum(axis=1) for code in left]
    segments = [line[start:stop] for line, start, stop in zip(found, starts, stops, strict=True)]
    return [np.array([np.bincount(line, minlength=width) for line in lines]) for lines in (found, segments)]


def assert_counted(queries, database, starts, stops):
    case = (queries, database, starts, stops)
    for ours, theirs in zip(counted(*case), one_by_one(*case), strict=True):
        assert np.array_equal(ours, theirs)


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 65), st.integers(1, 300), st.integers(1, 5), st.floats(0, 1), st.integers(0, 2**32 - 1))
@example(31, 64, 1, 1.0, 0)  # 248 bits are added as 256
@example(8, 65, 2, 1.0, 0)  # all bits differ: a digit more than for any other distance
@example(64, 300, 2, 1.0, 0)
def test_any_codes_and_segments(width, items, asked, ones, seed):
    generator = np.random.default_rng(seed)
    database = np.packbits(generator.random((items, width * 8)) < ones, axis=1)
    queries = np.concatenate([database[:1] ^ 255, generator.integers(0, 256, (asked - 1, width), np.uint8)])
    starts, stops = np.sort(generator.integers(0, items + 1, (2, asked)), axis=0)
    assert_counted(queries, database, starts, stops)


def test_segments_at_and_across_the_edges_of_blocks():
    generator = np.random.default_rng(0)
    items = 2 * BLOCK + 77
    edges = [0, 1, 63, 64, BLOCK - 1, BLOCK, BLOCK + 1, BLOCK + 64, 2 * BLOCK, items - 1, items]
    pairs = [(start, stop) for start in edges for stop in edges if start <= stop]
    queries, database = (generator.integers(0, 256, (rows, 3), np.uint8) for rows in (len(pairs), items))
    assert_counted(queries, database, *zip(*pairs, strict=True))


def test_what_is_counted_is_added_for_the_queries_asked_for_alone():
    left, right = np.zeros((4, 1), np.uint64), np.full((5, 1), 7, np.uint64)
    items, relevant = np.full((2, 4, 9), 100)
    bit_planes.count_segments(1, 3, left, right, np.full(4, 2), np.full(4, 4), items, relevant)
    changed = np.full((4, 9), 100)
    changed[1:3, 3] = 105
    assert np.array_equal(items, changed)
    changed[1:3, 3] = 102
    assert np.array_equal(relevant, changed)
