"""The checks of the specification of BCDH (1.12) that reading A has."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

from bitscape.core.errors import CannotTrain
from bitscape.core.params import BCDH as Settings
from bitscape.methods.base.learned import Supervision
from bitscape.methods.bcdh import BCDH, contrastive, quantisation

GENERATOR = torch.Generator().manual_seed(0)


def _scenes(scenes=6, views=8, dimensions=32, seed=0):
    """Draw photographs of some places: features around a centre of each, pairs within each."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((scenes, dimensions))
    models = np.repeat(np.arange(scenes), views).astype(np.int32)
    features = (centres[models] + 0.6 * rng.standard_normal((scenes * views, dimensions))).astype(np.float32)
    same = [(i, j) for i in range(len(models)) for j in range(len(models)) if i != j and models[i] == models[j]]
    pairs = pd.DataFrame(same, columns=["query", "positive"])
    nothing = sparse.csr_array((len(models), len(models)), dtype=np.int8)
    return features, Supervision(np.arange(len(models)), models, pairs, nothing)


@pytest.mark.parametrize("similar", [0.0, 1.0])
@pytest.mark.parametrize("margin", [0.5, 50.0])
def test_t1_gradients_of_the_pair_terms(similar, margin):
    left, right = (torch.randn(4, 8, dtype=torch.float64, generator=GENERATOR).requires_grad_() for _ in range(2))
    flags = torch.full((4,), similar, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda u, v: contrastive(u, v, flags, margin), (left, right))
    assert torch.autograd.gradcheck(quantisation, left)


def test_t1_distance_zero_of_a_dissimilar_pair_has_no_gradient():
    left = torch.ones(1, 8, requires_grad=True)
    loss = contrastive(left, left.detach().clone(), torch.zeros(1), 2.0)
    loss.sum().backward()
    assert loss.item() == 2.0
    assert torch.equal(left.grad, torch.zeros(1, 8))


def test_t2_the_nearest_code_costs_the_distance_of_magnitudes_to_one():
    outputs = torch.randn(20, 16, dtype=torch.float64, generator=GENERATOR)
    torch.testing.assert_close(quantisation(outputs), 0.5 * (outputs.abs() - 1).square().sum(dim=1))


def test_t5_margin_zero_removes_negatives():
    left, right = torch.randn(5, 8, generator=GENERATOR), torch.randn(5, 8, generator=GENERATOR)
    assert torch.equal(contrastive(left, right, torch.zeros(5), 0.0), torch.zeros(5))


def test_t7_squared_distance_of_codes_is_four_times_their_hamming_distance():
    codes = torch.sign(torch.randn(2, 64, generator=GENERATOR))
    squared = 2 * contrastive(codes[:1], codes[1:], torch.ones(1), 0.0)
    assert squared.item() / 4 == (codes[0] != codes[1]).sum()


def test_the_start_gives_outputs_of_unit_deviation_around_zero():
    features, supervision = _scenes()
    method = BCDH(Settings(), 16, 0)
    network = method.network(32)
    method.start(network, supervision, features)
    outputs = network(torch.from_numpy(features))
    assert abs(outputs.mean().item()) < 0.1
    torch.testing.assert_close(outputs.std(), torch.tensor(1.0), rtol=0.02, atol=0)


def test_batches_hold_a_query_its_positive_and_negatives_of_other_models():
    features, supervision = _scenes()
    method = BCDH(Settings(queries_per_epoch=40), 16, 0)
    method.start(method.network(32), supervision, features)
    batches = list(method.batches(3, lambda: features, np.random.default_rng(0)))
    assert len(batches) == 8
    for batch in batches:
        models = supervision.models[batch.images].reshape(-1, 7)
        assert (models[:, 0] == models[:, 1]).all()
        assert (models[:, 2:] != models[:, :1]).all()
        assert batch.similar.reshape(-1, 6)[:, 0].eq(1).all()
        assert batch.similar.sum() == len(models)
        assert (batch.left.reshape(-1, 6) == torch.arange(0, batch.images.size, 7)[:, None]).all()
        assert batch.weight == pytest.approx(0.01 * 1.5**2)


def test_without_pairs_or_other_models_it_says_what_is_missing():
    features, supervision = _scenes(scenes=1)
    method = BCDH(Settings(), 16, 0)
    with pytest.raises(CannotTrain, match="56 positive pairs in 1 models"):
        method.start(method.network(32), supervision, features)
