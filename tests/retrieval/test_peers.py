"""Two libraries of retrieval metrics as oracles: torchmetrics, and ranx where it is installed.

They break ties by the order of a sort and leave that order open, so that they are given rankings without ties: codes at
distances of their own, the order in which tied items are stored, and every order of the ties.
"""

from itertools import permutations, product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from bitscape.hamming.ranking import distances
from bitscape.networks import backbones
from bitscape.retrieval.metrics import measure
from bitscape.retrieval.truth import Grades

backbones._import_timm()  # torchmetrics imports torchvision, which beside a CPU build of torch needs help
from torchmetrics.functional import retrieval as peer  # noqa: E402

BITS = 32
TORCHMETRICS = {
    # With `top_k` they divide average precision by the relevant items found, without it by all.
    "map_{}": lambda preds, grades, k: peer.retrieval_average_precision(preds, grades > 0),
    "map_{}_at_{k}_over_found": lambda preds, grades, k: peer.retrieval_average_precision(preds, grades > 0, top_k=k),
    "precision_{}_at_{k}": lambda preds, grades, k: peer.retrieval_precision(preds, grades > 0, top_k=k),
    "recall_{}_at_{k}": lambda preds, grades, k: peer.retrieval_recall(preds, grades > 0, top_k=k),
    "hit_rate_{}_at_{k}": lambda preds, grades, k: peer.retrieval_hit_rate(preds, grades > 0, top_k=k),
    "reciprocal_rank_{}_misses_zero": lambda preds, grades, k: peer.retrieval_reciprocal_rank(preds, grades > 0),
    "reciprocal_rank_{}_at_{k}_misses_zero": lambda preds, grades, k: peer.retrieval_reciprocal_rank(
        preds, grades > 0, top_k=k
    ),
    # Their gain is the grade itself; ours is 2^grade - 1.
    "ndcg_{}_at_{k}": lambda preds, grades, k: peer.retrieval_normalized_dcg(preds, 2**grades - 1, top_k=k),
}
RANX = {
    "map_{}": "map",
    "map_{}_at_{k}_over_all": "map@{k}",  # divided by all relevant items
    "precision_{}_at_{k}": "precision@{k}",
    "recall_{}_at_{k}": "recall@{k}",
    "hit_rate_{}_at_{k}": "hit_rate@{k}",
    "reciprocal_rank_{}_misses_zero": "mrr",
    "reciprocal_rank_{}_at_{k}_misses_zero": "mrr@{k}",
    "ndcg_{}_at_{k}": "ndcg_burges@{k}",  # `ndcg` has the grade as gain
}
cases = st.lists(st.tuples(st.integers(0, 3), st.integers(0, BITS)), min_size=1, max_size=12)
"""The grade and the distance of each item."""


def codes_at(distances):
    """Codes with so many ones, which is how far they are from the query of zeros."""
    return np.packbits(np.arange(BITS) < np.asarray(distances)[:, None], axis=1)


def ours(name, distances, grades):
    query = np.zeros((1, BITS // 8), np.uint8)
    return measure([name], query, codes_at(distances), Grades(csr_array([list(grades)])))[name].mean


def theirs(name, preds, grades, k):
    """torchmetrics of one query, which computes in float32."""
    return float(TORCHMETRICS[name](torch.as_tensor(preds, dtype=torch.float32), torch.as_tensor(grades), k))


def nearness(distances):
    """Higher is nearer, and above 0: torchmetrics takes relevant items at 0 and below for irrelevant ones."""
    return BITS + 1 - np.asarray(distances)


def same(value, other, grades):
    """NDCG of a query without any relevant item is no number here, and 0 there."""
    if np.isnan(value):
        assert not any(grades)
        assert other == 0
    else:
        assert value == pytest.approx(other, rel=1e-5)


@pytest.mark.parametrize("name", TORCHMETRICS)
@given(grades=st.lists(st.integers(0, 3), min_size=1, max_size=BITS + 1), k=st.integers(1, 40), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=40)
def test_without_ties_torchmetrics_agrees_with_every_order(name, grades, k, seed):
    away = np.random.default_rng(seed).permutation(BITS + 1)[: len(grades)]
    known = theirs(name, nearness(away), grades, k)
    for ties in ("expected", "first_come"):
        same(ours(name.format(ties, k=k), away, grades), known, grades)


@pytest.mark.parametrize("name", TORCHMETRICS)
@given(case=cases, k=st.integers(1, 15))
@settings(deadline=None, max_examples=40)
def test_the_order_of_storage_is_torchmetrics_of_a_stable_sort(name, case, k):
    grades, away = zip(*case, strict=True)
    ranking = np.array(grades)[np.argsort(away, kind="stable")]
    preds = np.arange(len(ranking), 0, -1)
    same(ours(name.format("first_come", k=k), away, grades), theirs(name, preds, ranking, k), grades)


@pytest.mark.parametrize("name", TORCHMETRICS)
@given(
    case=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=4),
    k=st.integers(1, 5),
)
@settings(deadline=None, max_examples=20)
def test_the_expectation_is_the_mean_of_torchmetrics_over_all_orders_of_the_ties(name, case, k):
    grades, away = zip(*case, strict=True)
    ties = [[grade for grade, at in case if at == distance] for distance in sorted(set(away))]
    orders = [[grade for part in parts for grade in part] for parts in product(*map(permutations, ties))]
    preds = np.arange(len(case), 0, -1)
    known = np.mean([theirs(name, preds, order, k) for order in orders])
    same(ours(name.format("expected", k=k), away, grades), known, grades)


@given(case=cases, k=st.integers(1, 15))
@settings(deadline=None, max_examples=60)
def test_torchmetrics_averages_ndcg_over_ties_as_well(case, k):
    grades, away = zip(*case, strict=True)
    same(ours(f"ndcg_expected_at_{k}", away, grades), theirs("ndcg_{}_at_{k}", nearness(away), grades, k), grades)


@pytest.mark.slow  # ranx compiles itself the first time, which takes two minutes
@pytest.mark.parametrize("k", [1, 5, 20, 100])
def test_ranx_agrees_on_whole_sets_of_queries(k):
    ranx = pytest.importorskip("ranx", reason="ranx is not installed; `make test-all` does that")
    generator = np.random.default_rng(k)
    queries, database = (generator.integers(0, 256, (rows, 2), dtype=np.uint8) for rows in (12, 60))
    grades = generator.integers(0, 4, (12, 60)) * (generator.random((12, 60)) < 0.3)
    grades[3] = 0
    ranks = np.argsort(np.argsort(distances(queries, database), axis=1, kind="stable"), axis=1)
    # Names of queries are sorted as text.
    judged = {
        f"{query:02}": {str(item): int(grade) for item, grade in enumerate(row)} for query, row in enumerate(grades)
    }
    ranked = {
        f"{query:02}": {str(item): 60.0 - rank for item, rank in enumerate(row)} for query, row in enumerate(ranks)
    }
    known = ranx.evaluate(
        ranx.Qrels(judged), ranx.Run(ranked), [name.format(k=k) for name in RANX.values()], return_mean=False
    )
    names = [name.format("first_come", k=k) for name in RANX]
    found = measure(names, queries, database, Grades(csr_array(grades)))
    for name, other in zip(names, known, strict=True):
        np.testing.assert_allclose(found[name].values, known[other], rtol=1e-12, err_msg=name)
