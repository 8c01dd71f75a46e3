import numpy as np
import pytest
from scipy.sparse import csr_array

from bitscape.core.errors import BitscapeError
from bitscape.retrieval.labelled import of_labels
from bitscape.retrieval.truth import Classes, Grades


@pytest.mark.parametrize(
    ("queries", "items"),
    [
        (np.array([7, 3]), np.array([7.0, 3.0, 3.0, 1.0])),
        (np.array(["7", "3"], object), np.array([7.0, 3.0, 3.0, 1.0])),
        (np.array([7.5, 3.0]), np.array(["7.5", "3.0", "3.0", "1"])),
        (np.array([b"\xc3\xa9", b"x"]), np.array(["\xe9", "x", "x", "y"])),
        (np.array([2**60, 2**60 + 1]), np.array([2**60, 2**60 + 1, 2**60 + 1, 2**60 + 2], np.uint64)),
        (np.array([True, False]), np.array([1, 0, 0, 2])),
    ],
    ids=["int and float", "text and float", "float and text", "bytes and text", "int64 and uint64", "bool and int"],
)
def test_one_class_is_one_class_in_whatever_type_it_is_written(queries, items):
    truth = of_labels(queries, items)
    assert isinstance(truth, Classes)
    assert [truth.grades(query).tolist() for query in range(2)] == [[1, 0, 0, 0], [0, 1, 1, 0]]


@pytest.mark.parametrize(
    "matrix",
    [
        np.array([[3], [4], [3], [0]]),
        np.array([[1, -1], [-1, 1]] * 2),
        np.array([["a", "b"]] * 4),
        np.array([[0.7, 0.3]] * 4),
    ],
    ids=["class numbers in a column", "signs", "strings", "probabilities"],
)
def test_a_matrix_that_is_not_of_0_and_1_is_refused(matrix):
    with pytest.raises(BitscapeError, match=r"hold more than 0 and 1; .* an array of one dimension"):
        of_labels(matrix, matrix)


@pytest.mark.parametrize(
    "labels",
    [np.zeros((4, 2, 2), int), np.zeros(4, complex), np.array(["2020-01-01"] * 4, "M8[D]")],
    ids=["three dimensions", "complex", "dates"],
)
def test_what_is_no_label_is_refused(labels):
    with pytest.raises(BitscapeError, match="give numbers or strings"):
        of_labels(labels, labels)


def test_one_label_each_beside_several_is_told_in_words():
    lists = np.empty(2, object)
    lists[:] = [["a"], ["a", "b"]]
    with pytest.raises(BitscapeError, match="the queries are one for each code and those of the database a list for"):
        of_labels(np.array(["a", "b"]), lists)


def test_shared_labels_in_blocks_are_those_of_the_whole_matrix(monkeypatch):
    generator = np.random.default_rng(0)
    own, theirs = generator.random((9, 6)) < 0.4, generator.random((30, 6)) < 0.4
    queries, database = (generator.integers(0, 256, (rows, 2)).astype(np.uint8) for rows in (9, 30))
    known = Grades(csr_array(own.astype(int) @ theirs.T.astype(int))).counts(queries, database)
    for size in (1 << 20, 70):
        monkeypatch.setattr("bitscape.retrieval.shared_labels.PAIRS", size)
        truth = of_labels(own, theirs)
        assert np.array_equal(truth.counts(queries, database).counts, known.counts)
    assert truth.grades(3).tolist() == (theirs @ own[3].astype(int)).tolist()


@pytest.mark.parametrize(("shared", "gains"), [(31, True), (32, False)])
def test_more_shared_labels_than_gains_can_have_are_shared_or_not(monkeypatch, shared, gains):
    monkeypatch.setattr("bitscape.retrieval.shared_labels.PAIRS", 4)
    own = np.ones((1, 40), int)
    theirs = np.arange(40) < np.array([[shared], [0], [3], [shared]])
    truth = of_labels(np.repeat(own, 3, axis=0), theirs)
    assert truth.gains is gains
    counted = truth.counts(np.zeros((3, 1), np.uint8), np.zeros((4, 1), np.uint8)).counts
    assert counted.shape == (3, 9, 32 if gains else 2)
    assert counted[2, 0].nonzero()[0].tolist() == ([0, 3, 31] if gains else [0, 1])
    assert truth.grades(0).tolist() == ([31, 0, 3, 31] if gains else [1, 0, 1, 1])
