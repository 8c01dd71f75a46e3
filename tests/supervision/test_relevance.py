import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from bitscape.core.errors import BitscapeError
from bitscape.supervision import relevance
from bitscape.supervision.relevance import choose_source, same_landmark, shared_columns, shared_labels

LABELS = st.lists(st.lists(st.sampled_from(["sky", "tree", "a b", "ü", ""]), max_size=4), max_size=12)
NAMES = st.lists(st.sampled_from(["tower", "gate", None, float("nan")]), max_size=12)


def check(grades: sparse.csr_array, expected: list[list[int]], shape: tuple[int, int]) -> None:
    assert grades.shape == shape
    assert grades.dtype == np.int32
    assert grades.format == "csr"
    assert grades.has_sorted_indices
    assert (grades.data > 0).all()
    assert np.array_equal(grades.toarray(), np.array(expected).reshape(shape))


@given(LABELS, LABELS)
@settings(deadline=None)
def test_labels_grade_by_how_many_are_shared(queries: list[list[str]], database: list[list[str]]) -> None:
    expected = [[len(set(query) & set(other)) for other in database] for query in queries]
    check(shared_labels(queries, database), expected, (len(queries), len(database)))


@given(NAMES, NAMES)
@settings(deadline=None)
def test_landmarks_grade_one_where_equal(queries: list, database: list) -> None:
    expected = [[int(isinstance(query, str) and query == other) for other in database] for query in queries]
    check(same_landmark(queries, database), expected, (len(queries), len(database)))


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(0, 9), st.integers(0, 9))
@settings(deadline=None)
def test_points_grade_by_how_many_are_shared(seed: int, least: int, queries: int, database: int) -> None:
    generator = np.random.default_rng(seed)
    one, other = (generator.integers(0, 2, (count, 15)) for count in (queries, database))
    expected = one @ other.T
    expected[expected < least] = 0
    found = shared_columns(sparse.csr_array(one, dtype=np.int32), sparse.csr_array(other, dtype=np.int32), least)
    check(found, expected.tolist(), (queries, database))


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    one, other = (sparse.csr_array(generator.integers(0, 2, (30, 8)), dtype=np.int32) for _ in range(2))
    whole = shared_columns(one, other, 3)
    monkeypatch.setattr(relevance, "QUERIES_AT_ONCE", 4)
    assert np.array_equal(shared_columns(one, other, 3).toarray(), whole.toarray())


def collection(landmark: list, labels: list) -> pd.DataFrame:
    return pd.DataFrame({"landmark": pd.array(landmark, dtype="str"), "labels": labels})


NOTHING = collection([None, None], [[], []])
LABELLED = collection([None, None], [["a"], []])
COMPLETE = collection(["tower", None], [["a"], []])


@pytest.mark.parametrize(("given", "source"), [(NOTHING, "geometry"), (LABELLED, "labels"), (COMPLETE, "landmark")])
def test_auto_takes_the_first_that_there_is(given: pd.DataFrame, source: str) -> None:
    assert choose_source(given, "auto") == source
    assert choose_source(given, "geometry") == "geometry"


@pytest.mark.parametrize(
    ("given", "source", "told"),
    [
        (NOTHING, "labels", r"relevance\.source is `labels`.*data/labels\.csv, or set .* to `geometry`\."),
        (
            LABELLED,
            "landmark",
            r"relevance\.source is `landmark`.*data/labels\.csv, or .* to `labels` or `geometry`\.",
        ),
    ],
)
def test_a_source_that_is_missing_is_told_with_what_would_work(given: pd.DataFrame, source: str, told: str) -> None:
    with pytest.raises(BitscapeError, match=told):
        choose_source(given, source)
