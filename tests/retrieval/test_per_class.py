import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from bitscape.core.errors import BitscapeError
from bitscape.hamming.codes import pack
from bitscape.retrieval import hit_lists
from bitscape.retrieval.labelled import of_labels
from bitscape.retrieval.per_class import measure_classes, memberships
from bitscape.retrieval.score import score

NAMES = [
    "map_expected",
    "precision_expected_at_5",
    "ndcg_expected_at_5",
    "reciprocal_rank_expected_at_3_misses_dropped",
]


def codes(seed, *rows):
    generator = np.random.default_rng(seed)
    return [pack(generator.choice([-1, 1], (count, 16))) for count in rows], generator


def as_objects(lists):
    rows = np.empty(len(lists), object)
    rows[:] = lists
    return rows


def test_each_class_is_that_of_scikit_learn_and_of_hit_lists_where_nothing_is_tied():
    # The codes of the database are at distances 0, 1, ... 23 from each query, which have one code.
    distance = np.random.default_rng(0).permutation(24)
    database, queries = np.packbits(np.arange(24) < distance[:, None], axis=1), np.zeros((6, 3), np.uint8)
    generator = np.random.default_rng(1)
    asked, had = (generator.random((rows, 4)) < 0.4 for rows in (6, 24))
    asked[0] = True
    truth = of_labels(asked.astype(int), had.astype(int))
    lines = {line.name: line for line in score(queries, database, truth, NAMES).lines}
    order = np.argsort(distance)
    for number in range(4):
        expected = average_precision_score(had[:, number], -distance)
        assert lines["map_expected"].per_class[str(number)] == pytest.approx(expected)
        hits = np.tile(had[order, number], (asked[:, number].sum(), 1))
        assert lines[NAMES[1]].per_class[str(number)] == pytest.approx(hit_lists.hit_ratio_at_k(hits, 5))
    means = [average_precision_score(had[:, number], -distance) for number in range(4)]
    assert lines["map_expected"].macro == pytest.approx(np.mean(means))


def test_with_one_label_each_the_two_ways_are_one():
    (queries, database), generator = codes(0, 12, 60)
    labels = [generator.choice(["a", "b", "c"], rows) for rows in (12, 60)]
    single = score(queries, database, of_labels(*labels), NAMES)
    lists = score(queries, database, of_labels(*(as_objects([[one] for one in part]) for part in labels)), NAMES)
    for ours, theirs in zip(single.lines, lists.lines, strict=True):
        assert ours.per_class == pytest.approx(theirs.per_class), ours.name
        assert ours.mean == pytest.approx(theirs.mean), ours.name


def test_a_class_that_nothing_in_the_database_has_is_as_the_policy_says():
    (queries, database), _ = codes(0, 2, 5)
    members = memberships([["a", "only here"], ["a"]], [["a"], [], ["b"], ["b"], ["a"]])
    assert members.names == ("a", "b", "only here")
    found = {policy: measure_classes(NAMES, queries, database, members, policy) for policy in ("exclude", "zero")}
    assert [list(found["exclude"][name]) for name in NAMES] == [["a"]] * 4
    assert [found["zero"][name]["only here"].scores.mean for name in NAMES[:2]] == [0] * 2
    assert [list(found["zero"][name]) for name in NAMES[2:]] == [["a"]] * 2  # they are not defined of it
    with pytest.raises(BitscapeError, match="1 queries have the class 'only here', which nothing in the database has"):
        measure_classes(NAMES, queries, database, members, "error")
