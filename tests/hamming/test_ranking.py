import tracemalloc

import faiss
import numpy as np
import pytest
from scipy.sparse import csr_array

from bitscape.core.errors import BitscapeError
from bitscape.hamming import ranking
from bitscape.hamming.codes import unpack
from bitscape.hamming.junk import JUNK
from bitscape.hamming.ranking import class_histograms, distances, histograms


def make_codes(seed, queries, items, width):
    generator = np.random.default_rng(seed)
    return [generator.integers(0, 256, (rows, width), dtype=np.uint8) for rows in (queries, items)]


@pytest.mark.parametrize("width", [1, 2, 8, 9, 16, 31])
def test_distances_are_those_of_faiss(width):
    queries, database = make_codes(width, 7, 40, width)
    index = faiss.IndexBinaryFlat(width * 8)
    index.add(database)
    theirs, _ = index.search(queries, len(database))
    assert np.array_equal(np.sort(distances(queries, database), axis=1), theirs)


@pytest.mark.parametrize("block", [1, 7, 100, 10**6])
def test_distances_do_not_depend_on_the_block(monkeypatch, block):
    monkeypatch.setattr(ranking, "BLOCK", block)
    queries, database = make_codes(1, 5, 23, 3)
    by_sign = (24 - unpack(queries).astype(int) @ unpack(database).T.astype(int)) // 2
    assert np.array_equal(distances(queries, database), by_sign)


@pytest.mark.parametrize("block", [5, 10**6])
def test_histograms_count_items_and_relevant_items(monkeypatch, block):
    monkeypatch.setattr(ranking, "BLOCK", block)
    queries, database = make_codes(2, 6, 50, 2)
    grades = np.random.default_rng(2).integers(-1, 3, (6, 50))
    counts = histograms(queries, database, csr_array(grades))
    found = distances(queries, database)
    for query in range(6):
        for distance in range(17):
            at = (found[query] == distance) & (grades[query] != JUNK)
            assert counts.items[query, distance] == at.sum()
            assert counts.relevant[query, distance] == (at & (grades[query] > 0)).sum()


def test_histograms_never_hold_queries_by_database():
    queries, database = make_codes(3, 400, 20_000, 8)
    relevance = csr_array((400, 20_000), dtype=np.int32)
    tracemalloc.start()
    histograms(queries, database, relevance)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40 * ranking.BLOCK
    assert 40 * ranking.BLOCK < 8 * 400 * 20_000


def test_different_lengths_and_shapes_are_refused():
    queries, database = make_codes(4, 2, 3, 2)
    with pytest.raises(BitscapeError, match="16 bits and the database 8"):
        distances(queries, database[:, :1].copy())
    with pytest.raises(BitscapeError, match=r"\(2, 4\), but there are 2 queries and 3 items"):
        histograms(queries, database, csr_array((2, 4)))


def test_no_query_and_no_item_are_no_error():
    queries, database = make_codes(5, 0, 4, 2)
    assert histograms(queries, database, csr_array((0, 4))).items.shape == (0, 17)
    assert distances(database, queries).shape == (4, 0)


@pytest.mark.parametrize("width", [1, 8, 9, 32])
@pytest.mark.parametrize("compiled", [False, True])
def test_histograms_by_class_and_by_pairs_are_one_whether_compiled_or_not(monkeypatch, width, compiled):
    if compiled:
        planes = pytest.importorskip("bitscape.hamming.bit_planes")
        monkeypatch.setattr(ranking, "COMPILED_FROM", 0)
        assert planes.WORDS * 64 < 20_000  # so that several blocks are filled below
    queries, database = make_codes(width, 70, 20_000, width)
    generator = np.random.default_rng(width)
    asked, classes = generator.integers(0, 5, 70), generator.integers(-3, 4, 20_000)
    pairs = asked[:, None] == classes
    found = distances(queries, database)
    by_class = class_histograms(queries, database, asked, classes)
    by_pairs = histograms(queries, database, csr_array(pairs.astype(np.int32)))
    for query in range(70):
        expected = np.bincount(found[query], minlength=width * 8 + 1)
        relevant = np.bincount(found[query][pairs[query]], minlength=width * 8 + 1)
        for counts in (by_class, by_pairs):
            assert np.array_equal(counts.items[query], expected)
            assert np.array_equal(counts.relevant[query], relevant)


def test_a_class_for_each_code_is_asked_for():
    queries, database = make_codes(6, 2, 3, 1)
    with pytest.raises(BitscapeError, match="The database has 3 codes and 2 classes"):
        class_histograms(queries, database, np.zeros(2, int), np.zeros(2, int))
