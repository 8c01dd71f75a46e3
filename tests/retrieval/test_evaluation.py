import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from bitscape.core.errors import BitscapeError
from bitscape.core.metric_names import metric_names
from bitscape.hamming.junk import JUNK
from bitscape.hamming.mean import mean_average_precision
from bitscape.retrieval.evaluation import evaluate


def make_case(seed, queries=9, items=60, width=2):
    """Codes that resemble their class, and relevance by class with grades."""
    generator = np.random.default_rng(seed)
    centres = generator.integers(0, 256, (3, width), dtype=np.uint8)
    classes = [generator.integers(0, 3, rows) for rows in (queries, items)]
    codes = [
        centres[labels] ^ np.packbits(generator.random((len(labels), width * 8)) < 0.2, axis=1) for labels in classes
    ]
    grades = (classes[0][:, None] == classes[1]) * generator.integers(1, 4, (queries, items))
    return codes[0], codes[1], grades


def metrics_of(queries, database, grades, **options):
    return evaluate(queries, database, csr_array(grades), cutoffs=[5, 20], radius=2, **options).metrics


def of_ranking(metrics):
    return {name: value for name, value in metrics.items() if name.startswith(("map", "precision", "recall"))}


@given(st.integers(0, 10**6), st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_metrics_do_not_change_under_what_changes_no_distance(seed, other):
    queries, database, grades = make_case(seed)
    known = of_ranking(metrics_of(queries, database, grades))
    generator = np.random.default_rng(other)
    mask = generator.integers(0, 256, 2, dtype=np.uint8)
    assert of_ranking(metrics_of(queries ^ mask, database ^ mask, grades)) == pytest.approx(known)
    bits = generator.permutation(16)
    turned = [np.packbits(np.unpackbits(codes, axis=1)[:, bits], axis=1) for codes in (queries, database)]
    assert of_ranking(metrics_of(*turned, grades)) == pytest.approx(known)
    order = generator.permutation(len(database))
    assert metrics_of(queries, database[order], grades[:, order]) == pytest.approx(
        metrics_of(queries, database, grades)
    )
    twice = np.r_[np.arange(9), np.arange(9)]
    assert of_ranking(metrics_of(queries[twice], database, grades[twice])) == pytest.approx(known)


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_junk_is_in_no_ranking(seed):
    queries, database, grades = make_case(seed)
    junk = np.random.default_rng(seed).random(grades.shape) < 0.3
    together = metrics_of(queries, database, np.where(junk, JUNK, grades), graded=True)
    apart = [
        metrics_of(queries[[one]], database[~junk[one]], grades[[one]][:, ~junk[one]], graded=True) for one in range(9)
    ]
    for name in of_ranking(together).keys() | {"ndcg_expected_at_5", "acg_expected_at_20", "wmap_expected"}:
        assert together[name] == pytest.approx(np.mean([one[name] for one in apart if one["queries"]])), name
    assert together["queries"] == sum(one["queries"] for one in apart)


def test_bounds_hold_the_expectation_and_far_items_change_nothing():
    queries, database, grades = make_case(1)
    metrics = metrics_of(queries, database, grades)
    assert metrics["map_worst_ties"] < metrics["map_expected"] < metrics["map_best_ties"]
    far = np.r_[database, np.tile(~queries[:1], (5, 1))]
    longer = np.c_[grades, np.zeros((9, 5), int)]
    assert metrics_of(queries[:1], far, longer[:1])["map_expected"] == pytest.approx(
        metrics_of(queries[:1], database, grades[:1])["map_expected"]
    )


def test_identical_codes_have_the_average_precision_of_a_random_order():
    items, relevant = 30, 6
    grades = np.repeat([[1] * relevant + [0] * (items - relevant)], 4, axis=0)
    codes = np.zeros((items, 1), np.uint8)
    result = evaluate(codes[:4], codes, csr_array(grades), cutoffs=[5], radius=0)
    harmonic = (1 / np.arange(1, items + 1)).sum()
    slope = (relevant - 1) / (items - 1)
    prior = (harmonic * (1 - slope) + slope * items) / items
    assert result.metrics["map_expected"] == pytest.approx(prior)
    assert result.metrics["precision_radius_0_empty_zero"] == pytest.approx(relevant / items)
    assert result.health.collapsed


def test_queries_without_relevant_items_follow_the_named_policy():
    queries, database, grades = make_case(2, queries=4)
    grades[1] = 0
    excluded = evaluate(queries, database, csr_array(grades), [5], 2)
    zero = evaluate(queries, database, csr_array(grades), [5], 2, empty_query="zero")
    assert excluded.metrics["queries"] == 3
    assert zero.metrics["queries"] == 4
    assert excluded.metrics["queries_without_relevant"] == zero.metrics["queries_without_relevant"] == 1
    assert zero.metrics["map_expected"] == pytest.approx(excluded.metrics["map_expected"] * 3 / 4)
    assert np.isnan(excluded.average_precision).tolist() == [False, True, False, False]
    assert zero.average_precision[1] == 0
    assert excluded.relevant[1] == 0
    with pytest.raises(BitscapeError, match=r"1 of 4 queries have no relevant item .* query 1"):
        evaluate(queries, database, csr_array(grades), [5], 2, empty_query="error")


def test_means_over_no_query_are_left_out_and_health_is_told():
    queries, database, grades = make_case(3)
    metrics = metrics_of(queries, database, grades * 0)
    means = ("map", "precision", "recall", "largest_tie_share")
    assert set(metrics) == {name for name in metric_names([5, 20], 2) if not name.startswith(means)}
    assert np.isnan(mean_average_precision(queries, database, csr_array(grades * 0)))


def test_model_selection_sees_the_same_number_and_names_suit_mlflow_and_carry_their_order():
    queries, database, grades = make_case(4)
    metrics = metrics_of(queries, database, grades)
    assert mean_average_precision(queries, database, csr_array(grades)) == metrics["map_expected"]
    assert list(metrics) == metric_names([5, 20], 2)
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in metrics)


def test_an_empty_database_is_told():
    with pytest.raises(BitscapeError, match="no codes"):
        evaluate(np.zeros((1, 1), np.uint8), np.zeros((0, 1), np.uint8), csr_array((1, 0)), [5], 2)


def test_the_room_starts_without_torch_pandas_and_matplotlib():
    heavy = "{'torch', 'pandas', 'matplotlib', 'scipy'} & set(sys.modules)"
    code = f"import sys, bitscape.retrieval.evaluation; print({heavy})"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "set()"
