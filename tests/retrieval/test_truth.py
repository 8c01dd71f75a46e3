import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from bitscape.core.errors import BitscapeError
from bitscape.hamming.codes import pack
from bitscape.retrieval.labelled import of_labels
from bitscape.retrieval.metrics import measure
from bitscape.retrieval.truth import Grades, of_lists, revisited

NAMES = ["map_expected", "map_trapezoid_expected", "map_first_come", "precision_expected_at_5", "ndcg_expected_at_5"]


@given(st.integers(0, 10**6))
@settings(deadline=None, max_examples=30)
def test_junk_is_as_if_it_were_not_in_the_database(seed):
    generator = np.random.default_rng(seed)
    query, database = (pack(generator.choice([-1, 1], (rows, 16))) for rows in (1, 30))
    grades, junk = generator.integers(0, 3, (1, 30)), generator.random((1, 30)) < 0.4
    junk[0, 0] = False
    with_junk = measure(NAMES, query, database, Grades(csr_array(grades), csr_array(junk)))
    without = measure(NAMES, query, database[~junk[0]], Grades(csr_array(grades[:, ~junk[0]])))
    for name in NAMES:
        assert with_junk[name].values == pytest.approx(without[name].values, abs=1e-12), name


def test_the_three_settings_of_the_revisited_sets():
    lists = [[0, 1]], [[2]], [[3]]
    expected = {"easy": ([1, 1, -1, -1, 0], 2), "medium": ([1, 1, 1, -1, 0], 3), "hard": ([-1, -1, 1, -1, 0], 1)}
    for setting, (row, _) in expected.items():
        assert revisited(*lists, 5, setting).grades(0).tolist() == row


def test_a_query_that_is_its_own_junk_as_in_holidays():
    codes = pack(np.random.default_rng(0).choice([-1, 1], (4, 16)))
    truth = of_lists([[1], [0], [3], [2]], [[0], [1], [2], [3]], 4)
    found = measure(["map_trapezoid_expected"], codes, codes, truth)["map_trapezoid_expected"].values
    for query, partner in enumerate((1, 0, 3, 2)):
        others = [item for item in range(4) if item != query]
        away = {item: np.unpackbits(codes[query] ^ codes[item]).sum() for item in others}
        nearer = sum(away[item] < away[partner] for item in others)
        tied = sum(away[item] == away[partner] for item in others)
        areas = [(float(rank == 0) + 1 / (rank + 1)) / 2 for rank in range(nearer, nearer + tied)]
        assert found[query] == pytest.approx(np.mean(areas))


def test_labels_of_each_kind_make_the_same_relevance():
    single = of_labels(np.array(["a", "b"]), np.array(["b", "a", "c"]))
    hot = of_labels(np.array([[1, 0], [0, 1]]), np.array([[0, 1], [1, 0], [0, 0]]))
    lists = np.empty(2, object), np.empty(3, object)
    lists[0][:], lists[1][:] = [["a"], ["b"]], [["b"], ["a"], []]
    for truth in (single, hot, of_labels(*lists)):
        assert [truth.grades(query).tolist() for query in (0, 1)] == [[0, 1, 0], [1, 0, 0]]
    assert single.names == ("a", "b", "c")
    assert of_labels(np.array([[1, 1]]), np.array([[1, 1], [1, 0]])).grades(0).tolist() == [2, 1]


def test_grades_that_are_too_large_for_gains_are_relevant_or_not():
    truth = Grades(csr_array([[0, 500, 3]]))
    assert not truth.gains
    assert truth.grades(0).tolist() == [0, 1, 1]
    assert truth.counts(np.zeros((1, 1), np.uint8), np.zeros((3, 1), np.uint8)).counts[0, 0].tolist() == [1, 2]


def test_places_and_labels_that_do_not_fit_are_told():
    with pytest.raises(BitscapeError, match=r"Query 1 names 7 as junk, but the database has the places 0 to 4"):
        of_lists([[0], [1]], [[], [7]], 5)
    with pytest.raises(BitscapeError, match="one label for each code"):
        of_labels(np.array([1, 2]), np.array([[1, 0]]))
