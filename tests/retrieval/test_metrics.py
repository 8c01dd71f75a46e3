"""The oracle is the definition, on every order of the tied items by enumeration; peers' formulae are written anew."""

import math
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.metrics import average_precision_score, ndcg_score

from bitscape.core.errors import BitscapeError
from bitscape.hamming.codes import pack
from bitscape.retrieval import dropped, hit_lists
from bitscape.retrieval.graded import Graded
from bitscape.retrieval.metrics import measure, parse
from bitscape.retrieval.orders import best_order, worst_order
from bitscape.retrieval.score import score
from bitscape.retrieval.truth import Classes, Grades

LEVELS = 3


def precisions(ranking):
    """At the ranks of relevant items."""
    hits = [grade > 0 for grade in ranking]
    return [sum(hits[: rank + 1]) / (rank + 1) if hit else 0.0 for rank, hit in enumerate(hits)]


def trapezoid(ranking):
    """The area by straight lines, as the scripts of Oxford, Paris and Holidays add it up."""
    places = [rank for rank, grade in enumerate(ranking) if grade]
    total = 0.0
    for found, rank in enumerate(places):
        before = 1.0 if rank == 0 else found / rank
        total += (before + (found + 1) / (rank + 1)) / 2
    return total / max(1, len(places))


def first_hit(ranking, k):
    return next((1 / rank for rank, grade in enumerate(ranking[:k], start=1) if grade), 0.0)


def last_hit(ranking):
    return max((rank for rank, grade in enumerate(ranking, start=1) if grade), default=0)


def dcg(ranking, k):
    return sum((2**grade - 1) / math.log(rank + 1) for rank, grade in enumerate(ranking[:k], start=1))


def acgs(ranking, k):
    """The sum of the mean grades so far, at the ranks of relevant items."""
    return sum(sum(ranking[:n]) / n for n in range(1, min(k, len(ranking)) + 1) if ranking[n - 1])


def relevant(ranking):
    return sum(grade > 0 for grade in ranking)


DEFINITIONS = {
    "map_{}": lambda ranking, k: sum(precisions(ranking)) / max(1, relevant(ranking)),
    "map_{}_at_{k}_over_min_rk": lambda r, k: sum(precisions(r)[:k]) / max(1, min(k, relevant(r))),
    "map_{}_at_{k}_over_all": lambda r, k: sum(precisions(r)[:k]) / max(1, relevant(r)),
    "map_{}_at_{k}_over_k": lambda r, k: sum(precisions(r)[:k]) / k,
    "map_{}_at_{k}_over_found": lambda r, k: sum(precisions(r)[:k]) / max(1, relevant(r[:k])),
    "map_trapezoid_{}": lambda ranking, k: trapezoid(ranking),
    "precision_{}_at_{k}": lambda ranking, k: relevant(ranking[:k]) / k,
    "precision_{}_at_{k}_over_last": lambda r, k: relevant(r[:k]) / max(1, min(k, last_hit(r))),
    "recall_{}_at_{k}": lambda ranking, k: relevant(ranking[:k]) / max(1, relevant(ranking)),
    "hit_rate_{}_at_{k}": lambda ranking, k: float(any(ranking[:k])),
    "reciprocal_rank_{}_at_{k}_misses_zero": first_hit,
    "reciprocal_rank_{}_misses_zero": lambda ranking, k: first_hit(ranking, len(ranking)),
    "acg_{}_at_{k}": lambda ranking, k: sum(ranking[:k]) / k,
    "wmap_{}": lambda r, k: acgs(r, len(r)) / max(1, relevant(r)),
    "wmap_{}_at_{k}_over_all": lambda r, k: acgs(r, k) / max(1, relevant(r)),
    "wmap_{}_at_{k}_over_found": lambda r, k: acgs(r, k) / max(1, relevant(r[:k])),
    "ndcg_{}_at_{k}": lambda r, k: dcg(r, k) / max(1e-12, dcg(sorted(r, reverse=True), k)),
}
some_ties = st.lists(st.lists(st.integers(0, LEVELS - 1), max_size=4), min_size=1, max_size=4).filter(
    lambda ties: 0 < sum(map(len, ties)) <= 6
)


def counted(ties):
    return Graded(np.array([np.bincount(np.array(tie, dtype=int), minlength=LEVELS) for tie in ties])[None])


def orders(ties):
    for parts in product(*(permutations(tie) for tie in ties)):
        yield [grade for part in parts for grade in part]


@pytest.mark.parametrize("name", DEFINITIONS)
@given(ties=some_ties, k=st.integers(1, 7))
@settings(deadline=None, max_examples=40)
def test_the_expectation_and_the_bounds_are_those_of_all_orders(name, ties, k):
    metric = parse(name.format("expected", k=k))
    values = [DEFINITIONS[name](ranking, k) for ranking in orders(ties)]
    if metric.measure == "ndcg" and not any(map(any, ties)):
        assert np.isnan(metric.of(counted(ties)).mean)
        return
    assert metric.of(counted(ties)).mean == pytest.approx(np.mean(values), abs=1e-12)
    extremes = [
        one.at_extreme(counted(ties), order(counted(ties))).mean
        for one, order in zip(metric.extremes, (worst_order, best_order), strict=True)
    ]
    assert extremes == pytest.approx([min(values), max(values)], abs=1e-12)


def test_relevant_items_first_need_not_be_the_best_order_where_the_divisor_is_what_was_found():
    # Of the last tie, of one relevant item and two others, one is within the first 3 ranks.
    ties = [[1], [0], [0, 0, 1]]
    values = {tuple(ranking): DEFINITIONS["map_{}_at_{k}_over_found"](ranking, 3) for ranking in orders(ties)}
    assert max(values, key=values.get)[:3] == (1, 0, 0)
    metric = parse("map_expected_at_3_over_found")
    best = metric.extremes[1].at_extreme(counted(ties), best_order(counted(ties))).mean
    assert best == 1 > metric.of(best_order(counted(ties))).mean


@given(ties=some_ties, k=st.integers(1, 7))
@settings(deadline=None, max_examples=60)
def test_the_reciprocal_rank_of_hits_only_is_a_ratio_of_expectations(ties, k):
    scores = parse(f"reciprocal_rank_expected_at_{k}_misses_dropped").of(counted(ties))
    values = [first_hit(ranking, k) for ranking in orders(ties)]
    if any(values):
        assert scores.mean == pytest.approx(np.mean(values) / np.mean(np.array(values) > 0))
    else:
        assert np.isnan(scores.mean)


@given(several=st.lists(some_ties, min_size=1, max_size=3), k=st.integers(1, 4))
@settings(deadline=None, max_examples=60)
def test_the_bounds_of_the_reciprocal_rank_of_hits_only_are_those_of_all_orders_of_all_queries(several, k):
    ranks = [{first_hit(ranking, k) for ranking in orders(ties)} for ties in several]
    means = []
    for chosen in product(*ranks):
        kept = [rank for rank in chosen if rank]
        means += [np.mean(kept)] if kept else []
    found = dropped.bounds(np.array([min(one) for one in ranks]), np.array([max(one) for one in ranks]), k)
    if means:
        assert found == pytest.approx((min(means), max(means)), abs=1e-12)
    else:
        assert np.isnan(found).all()


@pytest.mark.parametrize(
    ("places", "relevant_items", "area"),
    [
        ([0], 1, 1),
        ([1], 1, 0.25),
        ([9], 1, 0.05),
        ([0, 2], 2, 0.7916667),
        ([1, 3], 2, 0.3333333),
        ([0, 1, 2], 3, 1),
    ],
)
def test_trapezoids_have_the_values_of_the_specification(places, relevant_items, area):
    ranking = [[int(place in places)] for place in range(12)]
    assert sum(map(sum, ranking)) == relevant_items
    assert parse("map_trapezoid_expected").of(counted(ranking)).mean == pytest.approx(area, abs=5e-8)


@pytest.mark.parametrize("last", [9, 999, 999_999])
def test_a_positive_that_is_not_retrieved_adds_nothing_to_the_trapezoids(last):
    """The specification's ([0], 2 positives) -> 0.5: by distance all are ranked, the further the less it adds."""
    counts = Graded(np.array([[[0, 1, 0], [last - 1, 0, 0], [0, 1, 0]]]))
    area = parse("map_trapezoid_expected").of(counts).mean
    assert area == pytest.approx((1 + (1 / last + 2 / (last + 1)) / 2) / 2, rel=1e-12)
    assert area == pytest.approx(0.5, abs=1 / last)


def case(seed, queries=7, items=40, bits=16):
    generator = np.random.default_rng(seed)
    codes = [pack(generator.choice([-1, 1], (rows, bits))) for rows in (queries, items)]
    return *codes, generator.integers(0, 4, (queries, items)) * (generator.random((queries, items)) < 0.4)


def loop(queries, database, grades, k, divide):
    """The usual loop over queries: a sort by distance, precision at the hits of the first k."""
    scores = []
    for code, row in zip(queries, grades, strict=True):
        away = np.unpackbits(code ^ database, axis=1).sum(axis=1)
        hits = (row > 0)[np.argsort(away, kind="stable")][:k]
        places = np.flatnonzero(hits) + 1
        scores.append(np.sum(np.arange(1, len(places) + 1) / places) / max(1, divide(len(places), (row > 0).sum(), k)))
    return scores


@pytest.mark.parametrize(
    ("over", "divide"),
    [
        ("found", lambda found, total, k: found),
        ("all", lambda found, total, k: total),
        ("min_rk", lambda found, total, k: min(total, k)),
        ("k", lambda found, total, k: k),
    ],
)
def test_first_come_is_the_loop_that_peers_publish(over, divide):
    queries, database, grades = case(1)
    name = f"map_first_come_at_9_over_{over}"
    found = measure([name], queries, database, Grades(csr_array(grades)))[name].values
    assert found == pytest.approx(loop(queries, database, grades, 9, divide))


def test_first_come_is_one_of_the_orders_that_the_expectation_is_a_mean_of():
    queries, database, grades = case(2)
    names = ["map_first_come", "map_expected", "map_worst_ties", "map_best_ties"]
    truth = Grades(csr_array(grades))
    by_order = [measure(names, queries, database, truth)]
    for seed in range(200):
        order = np.random.default_rng(seed).permutation(40)
        by_order.append(measure(names[:1], queries, database[order], Grades(csr_array(grades[:, order]))))
    stored = [one["map_first_come"].mean for one in by_order]
    exact = [by_order[0][name].mean for name in names]
    assert exact[2] <= min(stored) < max(stored) <= exact[3]
    assert np.mean(stored) == pytest.approx(exact[1], abs=5 * np.std(stored) / np.sqrt(len(stored)))


def test_without_ties_scikit_learn_agrees():
    distance = np.random.default_rng(0).permutation(24)
    database, queries = np.packbits(np.arange(24) < distance[:, None], axis=1), np.zeros((1, 3), np.uint8)
    grades = np.random.default_rng(1).integers(0, 4, (1, 24))
    found = measure(["map_expected", "ndcg_expected_at_7"], queries, database, Grades(csr_array(grades)))
    assert found["map_expected"].mean == pytest.approx(average_precision_score(grades[0] > 0, -distance))
    assert found["ndcg_expected_at_7"].mean == pytest.approx(ndcg_score([2.0 ** grades[0] - 1], [-distance], k=7))


def test_classes_and_the_matrix_of_their_pairs_are_one():
    queries, database, _ = case(3)
    generator = np.random.default_rng(3)
    classes = Classes(generator.integers(0, 5, 7), generator.integers(0, 4, 40))
    matrix = Grades(csr_array((classes.queries[:, None] == classes.items).astype(np.int32)))
    names = ["map_expected", "map_best_ties", "ndcg_expected_at_5", "map_first_come", "recall_expected_at_10"]
    ours, theirs = (measure(names, queries, database, truth) for truth in (classes, matrix))
    for name in names:
        assert ours[name].values == pytest.approx(theirs[name].values, abs=1e-12)


def test_blocks_of_queries_change_nothing(monkeypatch):
    queries, database, grades = case(4)
    names = ["map_expected", "map_best_ties", "ndcg_worst_ties_at_5"]
    known = measure(names, queries, database, Grades(csr_array(grades)))
    monkeypatch.setattr("bitscape.retrieval.orders.SPLIT", 3 * 17 * 4 * 4)
    again = measure(names, queries, database, Grades(csr_array(grades)))
    for name in names:
        assert np.array_equal(known[name].values, again[name].values)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("map", "There is no metric 'map'"),
        ("precision_expected", "must have a cut-off"),
        ("map_trapezoid_expected_at_5", "must have no cut-off"),
        ("map_expected_at_5", "_over_min_rk or _over_found"),
        ("map_expected_over_found", "none without a cut-off"),
        ("map_expected_at_5_over_luck", "_over_min_rk or _over_found"),
        ("precision_expected_at_5_over_k", "must have no divisor or _over_last"),
        ("recall_expected_at_5_over_k", "must have no divisor"),
        ("precision_expected_over_last", "must have a cut-off"),
        ("reciprocal_rank_expected", "_misses_zero"),
        ("map_expected_misses_zero", "_misses_zero"),
        ("map_expected_at_0_over_k", "There is no metric"),
    ],
)
def test_a_name_that_is_none_is_told_with_what_is_wrong(name, told):
    with pytest.raises(BitscapeError, match=told):
        parse(name)


def test_on_lists_without_ties_the_names_are_the_formulae_of_hit_lists():
    generator = np.random.default_rng(7)
    queries, items, k = 8, 24, 6
    distance = generator.permuted(np.tile(np.arange(items), (queries, 1)), axis=1)
    hits = np.zeros((queries, items), int)
    grades = (generator.random((queries, items)) < 0.25).astype(int)
    np.put_along_axis(hits, distance, grades, axis=1)
    counts = Graded(np.stack([1 - hits, hits], axis=2))
    classes, relevant_items = generator.integers(0, 3, queries), hits.sum(axis=1)
    for name, theirs in {
        f"precision_expected_at_{k}": hit_lists.hit_ratio_at_k(hits, k),
        f"map_expected_at_{k}_over_k": hit_lists.map_at_k_over_k(hits, k),
        f"map_expected_at_{k}_over_found": hit_lists.map_at_k_over_hits(hits, k),
        f"map_expected_at_{k}_over_min_rk": hit_lists.map_at_k_over_min(hits, k, relevant_items),
        f"reciprocal_rank_expected_at_{k}_misses_zero": hit_lists.reciprocal_rank(hits, k),
        f"reciprocal_rank_expected_at_{k}_misses_dropped": hit_lists.reciprocal_rank_of_hits_only(hits, k),
    }.items():
        assert parse(name).of(counts).mean == pytest.approx(theirs), name
    macro = [parse(f"precision_expected_at_{k}").of(counts).values[classes == one].mean() for one in np.unique(classes)]
    assert np.mean(macro) == pytest.approx(hit_lists.hit_ratio_at_k(hits, k, classes))


@pytest.mark.parametrize("policy", ["exclude", "zero"])
def test_queries_without_anything_relevant_are_not_in_the_bounds_of_hits_only(policy):
    # Query 0 hits at rank 1 or, of two tied items, not before 2; query 1 hits at 1; query 2 has nothing.
    database = np.array([[0], [0], [255]], np.uint8)
    queries = np.array([[0], [255], [0]], np.uint8)
    truth = Grades(csr_array([[1, 0, 0], [0, 0, 1], [0, 0, 0]]))
    # At k = 1 query 0 is in with 1 or out, at k = 2 it is in with 1 or 1/2.
    for k, bounds in ((1, (1, 1)), (2, (3 / 4, 1))):
        line = score(queries, database, truth, [f"reciprocal_rank_expected_at_{k}_misses_dropped"], policy).lines[0]
        assert (line.worst_ties, line.best_ties) == pytest.approx(bounds)


def test_what_leaves_queries_out_by_its_name_does_so_where_those_without_anything_relevant_count_zero():
    # Nothing is tied. Query 2 has nothing relevant, and query 1 nothing within the radius.
    database, queries = np.packbits(np.tril(np.ones((12, 16), int), -1), axis=1), np.zeros((3, 2), np.uint8)
    grades = np.zeros((3, 12), int)
    grades[0, 0] = grades[1, 3] = 1
    queries[1] = 255
    names = ["reciprocal_rank_expected_at_12_misses_dropped", "precision_radius_2_empty_skip", "ndcg_expected_at_12"]
    card = score(queries, database, Grades(csr_array(grades)), [*names, "map_expected"], "zero")
    hits = np.stack([grades[0], grades[1][::-1], grades[2]])
    found = {line.name: line.mean for line in card.lines}
    assert found[names[0]] == pytest.approx(hit_lists.reciprocal_rank_of_hits_only(hits, 12))
    assert found[names[1]] == pytest.approx(np.mean([1 / 3, 0]))  # of query 0 and, which has irrelevant ones, of 2
    assert found[names[1]] == pytest.approx(card.curves.precision_empty_skip[2])
    assert found[names[2]] == pytest.approx(np.mean([1, np.log(2) / np.log(10)]))
    assert found["map_expected"] == pytest.approx(np.mean([1, 1 / 9, 0]))
