"""The checks of the specification of ExchNet (2.10) that concern the similarity and the V-step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from bitscape.supervision import discrete_codes
from bitscape.supervision.discrete_codes import LearnedCodes, improve_codes, signed_similarity
from bitscape.supervision.supervision import Supervision


def _supervision(labels, **rest):
    columns = sparse.csr_array(np.asarray(labels, dtype=np.int32))
    n = columns.shape[0]
    return Supervision(np.arange(n), columns, rest.pop("overlap", sparse.csr_array((n, n), dtype=np.float32)), **rest)


def _random_labels(n, classes, seed):
    return np.eye(classes, dtype=np.int32)[np.random.default_rng(seed).integers(0, classes, n)]


def _objective(U, V, S, own, weight):
    return ((U @ V.T - V.shape[1] * S) ** 2).sum() + weight * ((U - V[own]) ** 2).sum()


def _brute_force(U, V, S, own, weight):
    """Try both values of every entry of a column with all else held fixed, then go to the next column."""
    V = V.astype(np.float64)
    for bit in range(V.shape[1]):
        column = V[:, bit].copy()
        for row in range(len(V)):
            costs = []
            for value in (-1, 1):
                tried = V.copy()
                tried[row, bit] = value
                costs.append(_objective(U, tried, S, own, weight))
            if abs(costs[0] - costs[1]) > 1e-9:
                column[row] = (-1, 1)[int(np.argmin(costs))]
        V[:, bit] = column
    return V


@given(st.integers(0, 10_000), st.integers(2, 6))
def test_balanced_similarity_adds_up_to_nothing(seed, classes):
    labels = _random_labels(20, classes, seed)
    targets = (labels[:12] @ labels.T).astype(np.float64)
    similarity = signed_similarity(targets, targets.mean(), balanced=True)
    positive = targets > 0
    if positive.all():
        assert (similarity == 1).all()
        return
    assert similarity.sum() == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(similarity[positive], 1)
    np.testing.assert_allclose(similarity[~positive], -positive.sum() / (~positive).sum())


@given(st.integers(0, 10_000))
def test_it_is_the_formula_of_adsh_for_graded_targets_too(seed):
    targets = np.random.default_rng(seed).random((5, 9))
    hard = signed_similarity(targets, targets.mean(), balanced=False)
    np.testing.assert_allclose(hard, 2 * targets - 1)
    r = hard.sum() / (1 - hard).sum()
    np.testing.assert_allclose(signed_similarity(targets, targets.mean(), balanced=True), hard * (1 + r) - r)


@pytest.mark.parametrize("classes", [2, 5, 150])
def test_balanced_classes_aim_at_the_simplex(classes):
    targets = np.kron(np.eye(classes), np.ones((2, 2)))
    similarity = signed_similarity(targets, targets.mean(), balanced=True)
    assert similarity.min() == pytest.approx(-1 / (classes - 1))


@pytest.mark.parametrize("balanced", [True, False])
@pytest.mark.parametrize("weight", [0.0, 3.0])
@pytest.mark.parametrize("seed", range(3))
def test_the_v_step_is_the_brute_force(balanced, weight, seed):
    rng = np.random.default_rng(seed)
    labels = _random_labels(9, 3, seed)
    own = rng.permutation(9)[:5]
    targets = (labels[own] @ labels.T).astype(np.float64)
    S = signed_similarity(targets, targets.mean(), balanced)
    U, V = np.tanh(rng.standard_normal((5, 6))), rng.choice(np.array([-1, 1], np.int8), (9, 6))
    pull = 6 * S.T @ U
    pull[own] += weight * U
    improved = improve_codes(V, U, pull)
    assert improved.dtype == np.int8
    np.testing.assert_array_equal(improved, _brute_force(U, V, S, own, weight))


@given(st.integers(0, 10_000), st.booleans())
def test_the_v_step_never_makes_it_worse(seed, balanced):
    rng = np.random.default_rng(seed)
    labels = _random_labels(15, 4, seed)
    own = rng.permutation(15)[:8]
    targets = (labels[own] @ labels.T).astype(np.float64)
    S = signed_similarity(targets, targets.mean(), balanced)
    U, V = np.tanh(2 * rng.standard_normal((8, 5))), rng.choice(np.array([-1, 1], np.int8), (15, 5))
    costs = [_objective(U, V, S, own, 0)]
    for _ in range(4):
        V = improve_codes(V, U, 5 * S.T @ U)
        assert set(np.unique(V)) <= {-1, 1}
        costs.append(_objective(U, V, S, own, 0))
    assert (np.diff(costs) <= 1e-9 * costs[0]).all()


def test_a_bit_stays_where_both_values_cost_the_same():
    V = np.array([[1, -1], [-1, 1]], dtype=np.int8)
    np.testing.assert_array_equal(improve_codes(V, np.zeros((3, 2)), np.zeros((2, 2))), V)


@pytest.mark.parametrize("weight", [0.0, 200.0])
def test_learned_codes_build_the_same_in_blocks(monkeypatch, weight):
    monkeypatch.setattr(discrete_codes, "BLOCK", 4)
    labels = _random_labels(30, 3, 0)
    labels[[3, 11]] = 0
    learned = LearnedCodes(_supervision(labels), 8, seed=1, balanced=True)
    assert learned.V.shape == (28, 8)
    assert set(np.unique(learned.V)) == {-1, 1}
    learned.draw(13, np.random.default_rng(2))
    assert len(np.unique(learned.sample)) == 13
    known = np.delete(labels, [3, 11], axis=0)
    S = signed_similarity(
        (known[learned.sample] @ known.T).astype(float), (known[learned.sample] @ known.T).mean(), True
    )
    np.testing.assert_allclose(learned.similarity(np.arange(13)), S, rtol=1e-5)
    learned.U[:] = np.tanh(np.random.default_rng(3).standard_normal((13, 8)))
    before = learned.V
    expected = _brute_force(learned.U.astype(float), before, S, learned.sample, weight)
    assert learned.improve(weight) == (expected != before).mean() > 0
    np.testing.assert_array_equal(learned.V, expected)


def test_the_sample_is_capped_at_all_photographs():
    learned = LearnedCodes(_supervision(np.eye(5)), 8, 0, True)
    learned.draw(2000, np.random.default_rng(0))
    np.testing.assert_array_equal(np.sort(learned.sample), np.arange(5))


def test_graded_targets_balance_over_the_sample():
    rng = np.random.default_rng(0)
    overlap = np.triu(rng.random((12, 12)) * (rng.random((12, 12)) < 0.3), 1).astype(np.float32)
    graded = sparse.csr_array(overlap + overlap.T)
    learned = LearnedCodes(_supervision(np.ones((12, 1)), overlap=graded, source="geometry-graded"), 8, 0, True)
    learned.draw(7, rng)
    similarity = learned.similarity(np.arange(7))
    assert similarity.sum() == pytest.approx(0, abs=1e-4)
    np.testing.assert_allclose(similarity[np.arange(7), learned.sample], 1, rtol=1e-6)
    assert len(np.unique(similarity)) > 3


def test_codes_of_all_are_v_and_signs_of_the_network_where_there_is_no_label():
    labels = np.eye(3, dtype=np.int32)[[0, 1, 2, 0]]
    labels[1] = 0
    learned = LearnedCodes(_supervision(labels), 8, 0, True)
    outputs = np.linspace(-1, 1, 32, dtype=np.float32).reshape(4, 8)
    codes = learned.complete(lambda: outputs)
    np.testing.assert_array_equal(codes[[0, 2, 3]], learned.V)
    np.testing.assert_array_equal(codes[1], -1)
    assert codes.dtype == np.int8


def test_the_state_holds_all_that_the_next_epoch_needs():
    supervision = _supervision(_random_labels(20, 4, 0))
    one, other = (LearnedCodes(supervision, 8, seed, True) for seed in (0, 1))
    one.draw(10, np.random.default_rng(0))
    one.U[:] = np.tanh(np.random.default_rng(1).standard_normal(one.U.shape))
    one.improve(0)
    other.restore({name: array.copy() for name, array in one.state().items()})
    for codes in (one, other):
        codes.U[:5] *= -1
        codes.improve(0)
    np.testing.assert_array_equal(one.V, other.V)
