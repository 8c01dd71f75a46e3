import numpy as np
import pytest

from bitscape.core.errors import BitscapeError
from bitscape.retrieval.labelled import of_labels
from bitscape.retrieval.truth import Classes


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
