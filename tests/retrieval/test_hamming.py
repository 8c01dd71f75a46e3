import tracemalloc

import faiss
import numpy as np
import pytest
from scipy.sparse import csr_array

from bitscape.core.errors import BitscapeError
from bitscape.retrieval import hamming
from bitscape.retrieval.codes import unpack
from bitscape.retrieval.hamming import distances, histograms


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
    monkeypatch.setattr(hamming, "BLOCK", block)
    queries, database = make_codes(1, 5, 23, 3)
    by_sign = (24 - unpack(queries).astype(int) @ unpack(database).T.astype(int)) // 2
    assert np.array_equal(distances(queries, database), by_sign)


@pytest.mark.parametrize("block", [5, 10**6])
def test_histograms_count_items_and_relevant_items(monkeypatch, block):
    monkeypatch.setattr(hamming, "BLOCK", block)
    queries, database = make_codes(2, 6, 50, 2)
    grades = np.random.default_rng(2).integers(-1, 3, (6, 50))
    counts = histograms(queries, database, csr_array(grades))
    found = distances(queries, database)
    for query in range(6):
        for distance in range(17):
            at = found[query] == distance
            assert counts.items[query, distance] == at.sum()
            assert counts.relevant[query, distance] == (at & (grades[query] > 0)).sum()


def test_histograms_never_hold_queries_by_database():
    queries, database = make_codes(3, 400, 20_000, 8)
    relevance = csr_array((400, 20_000), dtype=np.int32)
    tracemalloc.start()
    histograms(queries, database, relevance)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40 * hamming.BLOCK
    assert 40 * hamming.BLOCK < 8 * 400 * 20_000


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
