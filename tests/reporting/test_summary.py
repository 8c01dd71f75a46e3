import numpy as np

from bitscape.core.metric_names import metric_names
from bitscape.reporting.columns import column
from bitscape.reporting.result import Result
from bitscape.reporting.summary import summarise, warnings
from bitscape.reporting.tables import columns_of, group

SURE = Result("bcdh", 64, metrics={"map_expected": 0.8}, average_precision=np.full(30, 0.8))
SECOND = Result("itq", 64, metrics={"map_expected": 0.6}, average_precision=np.linspace(0.5, 0.7, 30))
CLOSE = Result("dsah", 64, metrics={"map_expected": 0.59}, average_precision=np.linspace(0.69, 0.49, 30))
UNTRAINED = Result("bcdh", 16, reason="There are no pairs.")


def test_the_first_and_its_lead_are_told():
    told = " ".join(summarise([SECOND, SURE, CLOSE], 64, "map_expected", 0.1, seed=0))
    assert "BCDH ranks first with map_expected 0.800" in told
    assert "ITQ follows with 0.600: its average precision is lower on 30 queries and higher on 0" in told
    assert "not certain" not in told
    assert "random order would reach 0.100" in told


def test_a_lead_that_the_choice_of_queries_may_turn_is_not_certain():
    assert "not certain" in " ".join(summarise([SECOND, CLOSE], 64, "map_expected", 0.1, seed=0))


def test_nothing_measured_is_told():
    assert "Nothing has the metric" in summarise([UNTRAINED], 16, "map_expected", float("nan"), seed=0)[0]


def test_warnings_name_what_was_not_trained_and_what_has_collapsed():
    collapsed = Result("dsah", 16, metrics={"largest_identical_share": 0.75})
    told = warnings([SURE, UNTRAINED, collapsed])
    assert len(told) == 2
    assert told[0] == "BCDH, 16 bits: not trained. There are no pairs."
    assert told[1].startswith("DSAH, 16 bits: the codes have collapsed. 75%")


def test_rows_are_ranked_and_the_best_of_each_length_is_marked():
    methods = ["itq", "bcdh", "dsah"]
    groups = group([SECOND, SURE, CLOSE, UNTRAINED], methods, [16, 64], [column("map_expected")], "map_expected")
    assert [one.bits for one in groups] == [16, 64]
    assert groups[0].rows[0].cells[0].text == "-"
    assert [(row.result.method, row.number, row.cells[0].best) for row in groups[1].rows] == [
        ("bcdh", 1, True),
        ("itq", 0, False),
        ("dsah", 2, False),
    ]


def test_every_metric_but_bounds_counts_and_recall_is_in_one_of_the_two_tables():
    names = metric_names([5], 2)
    shown = [one.name for health in (False, True) for one in columns_of(names, health)]
    assert sorted(shown) == sorted(
        set(names) - {"map_worst_ties", "map_best_ties", "queries", "queries_without_relevant", "recall_expected_at_5"}
    )
