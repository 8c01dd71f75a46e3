"""The checks of the specification of DSAH (A.13)."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from bitscape.core.params import DSAH as Settings
from bitscape.methods.dsah import DSAH, Block, information_content
from bitscape.networks.pooling import unit_length

GENERATOR = torch.Generator().manual_seed(0)


def _cosines(size=50, bits=16):
    unit = unit_length(torch.randn(size, bits, dtype=torch.float64, generator=GENERATOR))
    return unit @ unit.T


class Identity(torch.nn.Module):
    """A network that hands its features on, so that losses can be computed on given codes."""

    def forward(self, features):
        return features


def _terms(codes, similarity, **settings):
    batch = Block(np.arange(len(codes)), torch.as_tensor(similarity, dtype=codes.dtype))
    return DSAH(Settings(**settings), codes.shape[1], 0).loss(Identity(), codes, batch)


def test_weights_of_equal_similarities_are_two_log_b():
    weights = information_content(torch.full((50, 50), 0.3, dtype=torch.float64), 1.0)
    torch.testing.assert_close(weights, torch.full_like(weights, 2 * math.log(50)))


@given(st.floats(0.05, 5), st.integers(0, 100))
def test_weights_are_information_contents(tau, seed):
    cosines = torch.rand(6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    weights = information_content(cosines, tau)
    assert torch.exp(-weights).sum().item() == pytest.approx(1)
    torch.testing.assert_close(weights[0, 1] - weights[2, 3], (cosines[2, 3] - cosines[0, 1]) / tau)
    torch.testing.assert_close(information_content(cosines + 7, tau), weights)


def test_weights_lie_in_the_bounds_given_for_batches_of_50():
    weights = information_content(_cosines(), 1.0)
    assert weights.min() >= 5.83
    assert weights.max() <= 9.83


def test_gradient_is_the_attached_formula():
    cosines = _cosines(6).requires_grad_()
    target = torch.sign(torch.randn(6, 6, dtype=torch.float64, generator=GENERATOR))
    tau = 0.2
    weights = information_content(cosines, tau)
    gaps = (cosines - target).square()
    (weights * gaps).mean().backward()
    shares = torch.exp(-weights)
    expected = (2 * weights * (cosines - target) - gaps / tau + shares / tau * gaps.sum()) / 36
    torch.testing.assert_close(cosines.grad, expected.detach())


def test_similarity_of_equal_codes_is_four_times_the_share_of_strangers():
    similarity = np.where(np.random.default_rng(0).random((20, 20)) < 0.3, 1.0, -1.0)
    terms = _terms(torch.ones(20, 8, dtype=torch.float64), similarity, pic=False)
    assert terms["similarity"].item() == pytest.approx(4 * (similarity < 0).mean())


def test_perfect_classes_reach_the_simplex_minimum():
    classes = 10
    simplex = torch.eye(classes, dtype=torch.float64) - 1 / classes
    codes = simplex.repeat_interleave(3, dim=0)
    similarity = np.where(np.kron(np.eye(classes), np.ones((3, 3))) > 0, 1.0, -1.0)
    terms = _terms(codes, similarity, pic=False)
    assert terms["similarity"].item() == pytest.approx((classes - 2) ** 2 / (classes * (classes - 1)))


@pytest.mark.parametrize(("bits", "least"), [(16, 0.5625), (32, 0.6777), (64, 0.7656)])
def test_quantisation_has_its_minimum_at_equal_magnitudes(bits, least):
    codes = torch.sign(torch.randn(30, bits, dtype=torch.float64, generator=GENERATOR))
    equal = _terms(0.01 * codes, np.ones((30, 30)), beta=1.0)["quantisation"]
    assert equal.item() == pytest.approx(least, abs=5e-5)
    uneven = torch.randn(30, bits, dtype=torch.float64, generator=GENERATOR)
    lengths = uneven.norm(dim=1)
    identity = (1 + 1 / bits - 2 / bits * uneven.abs().sum(dim=1) / lengths).mean()
    assert _terms(uneven, np.ones((30, 30)), beta=1.0)["quantisation"].item() == pytest.approx(identity.item())


def test_one_round_never_changes_the_neighbours():
    method = DSAH(Settings(rounds=1, epochs=2), 16, 0)
    method.similarity = sparse.csr_array(np.eye(8, dtype=np.int8))
    before = method.similarity.copy()
    for epoch in (1, 2):
        method.end_epoch(epoch, lambda: np.ones((8, 16), dtype=np.float32))
    assert (before != method.similarity).nnz == 0


def test_the_update_runs_between_rounds_only():
    method = DSAH(Settings(rounds=2, epochs=2), 16, 0)
    method.similarity = sparse.csr_array(np.eye(8, dtype=np.int8))
    shares = [method.end_epoch(e, lambda: np.ones((8, 16), dtype=np.float32))["neighbour_share"] for e in (1, 2)]
    assert shares == [1 / 8, 1.0]


def test_batches_are_full_and_cover_the_photographs_once():
    method = DSAH(Settings(batch_size=5), 16, 0)
    method.similarity = sparse.csr_array(np.eye(23, dtype=np.int8))
    batches = list(method.batches(1, lambda: np.zeros((23, 16)), np.random.default_rng(0)))
    images = np.concatenate([batch.images for batch in batches])
    assert len(batches) == 4
    assert len(np.unique(images)) == len(images) == 20
    assert torch.equal(batches[0].similarity, 2 * torch.eye(5) - 1)
