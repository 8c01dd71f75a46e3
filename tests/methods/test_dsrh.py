"""The checks of the specification of DSRH (2.12) that are of its loss and its training."""

import math

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import sparse

from bitscape.core.errors import CannotTrain
from bitscape.core.settings.dsrh import DSRH as Settings
from bitscape.hamming.codes import pack
from bitscape.methods import dsrh
from bitscape.methods.dsrh import DSRH, Towers, hinges, imbalance, relax
from bitscape.networks.backbones import Backbone
from bitscape.networks.published.alexnet import AlexNet
from bitscape.retrieval.graded import graded_histograms, ndcg_at
from bitscape.supervision.supervision import Supervision
from bitscape.training.inputs import Inputs
from bitscape.training.loop import train

BITS, TRIPLETS, RHO = 8, 5, 5.0


def _outputs(seed=0, count=3 * TRIPLETS, bits=BITS):
    return torch.randn(count, bits, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def _weights(seed=0, count=TRIPLETS):
    return torch.rand(count, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) + 0.1


def _codes(count, bits, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).choice([-1.0, 1.0], (count, bits)))


def _objective(outputs, weight, alpha=1.0, rho=RHO):
    """F of the specification: sums, as its finite differences were taken."""
    query, more, less = relax(outputs).chunk(3)
    return (weight * hinges(query, more, less, rho)).sum() + alpha * imbalance(query)


class Identity(torch.nn.Module):
    """A network that hands its features on, so that losses can be computed on given outputs."""

    def forward(self, features):
        return features


def _terms(outputs, weight, bits=None, **settings):
    method = DSRH(Settings(**settings), bits or outputs.shape[1], 0)
    return method.loss(Identity(), outputs, Towers(np.arange(len(outputs)), weight))


def _supervision(labels, source="labels"):
    matrix = sparse.csr_array(np.asarray(labels, dtype=np.int32))
    nothing = sparse.csr_array((len(labels), len(labels)), dtype=np.float32)
    return Supervision(np.arange(len(labels)), matrix, nothing, source=source)


def _started(labels, bits=16, **settings):
    method = DSRH(Settings(**settings), bits, 0)
    network = method.network(6, 0)
    method.start(network, _supervision(labels), np.random.default_rng(0).random((len(labels), 6), dtype=np.float32))
    return method, network


@pytest.mark.parametrize("seed", range(5))
def test_t1_gradient_is_that_of_central_differences(seed):
    outputs, weight, step = _outputs(seed).requires_grad_(), _weights(seed), 1e-5
    _objective(outputs, weight).backward()
    flat = outputs.detach()
    for place in np.ndindex(*flat.shape):
        moved = torch.zeros_like(flat)
        moved[place] = step
        rise = _objective(flat + moved, weight) - _objective(flat - moved, weight)
        assert abs(rise / (2 * step) - outputs.grad[place]) < 1e-7


@pytest.mark.parametrize("rho", [0.3, RHO])
def test_t1_gradient_is_the_formula_of_the_specification(rho):
    outputs, weight = _outputs().requires_grad_(), _weights()
    _objective(outputs, weight, alpha=0.7, rho=rho).backward()
    query, more, less = (tower.detach().numpy() for tower in relax(outputs).chunk(3))
    delta = 0.5 * ((query * less).sum(axis=1) - (query * more).sum(axis=1))
    active = (weight.numpy() * (delta + rho > 0))[:, None]
    balance = 0.7 / TRIPLETS * query.mean(axis=0)
    by_tower = active * 0.5 * (less - more) + balance, -0.5 * active * query, 0.5 * active * query
    codes = np.concatenate([query, more, less])
    np.testing.assert_allclose(outputs.grad.numpy(), np.concatenate(by_tower) * (1 - codes**2) / 2, atol=1e-12)


def test_t1_gradcheck_of_what_is_trained():
    weight = _weights()
    for settings in ({}, {"reduction": "mean"}, {"rho_scaling": "fixed", "alpha": 3.0}):
        outputs = _outputs().requires_grad_()
        assert torch.autograd.gradcheck(lambda z, s=settings: sum(_terms(z, weight, **s).values()), outputs)


def test_the_relaxed_code_is_twice_the_sigmoid_less_one():
    outputs = _outputs()
    torch.testing.assert_close(relax(outputs), 2 * torch.sigmoid(outputs) - 1)
    assert relax(torch.ones(1, dtype=torch.float64)).item() == pytest.approx(0.46, abs=5e-3)


def test_t3_identical_codes_cost_the_margin():
    outputs, weight = _outputs(count=1).expand(3 * TRIPLETS, -1), _weights()
    query, more, less = relax(outputs).chunk(3)
    assert (weight * hinges(query, more, less, RHO)).sum().item() == pytest.approx(RHO * weight.sum().item())
    assert torch.allclose(hinges(query, more, less, 0.0), torch.zeros(TRIPLETS, dtype=torch.float64))


def test_t3_separated_triplets_cost_nothing_and_have_no_gradient():
    query = _codes(TRIPLETS, BITS).requires_grad_()
    more, less = query.detach().clone().requires_grad_(), (-query.detach()).requires_grad_()
    costs = hinges(query, more, less, RHO)  # delta is -8
    costs.sum().backward()
    assert not costs.any()
    for codes in (query, more, less):
        assert not codes.grad.any()


def test_t4_delta_is_the_difference_of_hamming_distances():
    query, more, less = _codes(300, 16).chunk(3)
    differing = (query != more).sum(dim=1) - (query != less).sum(dim=1)
    torch.testing.assert_close(hinges(query, more, less, 16.0) - 16, differing.double())


def test_t5_gradient_of_the_balance_is_the_mean_over_n():
    query = relax(_outputs(count=7)).requires_grad_()
    (1.5 * imbalance(query)).backward()
    torch.testing.assert_close(query.grad, (1.5 * query.detach().mean(dim=0) / 7).expand(7, -1))


def test_t5_balanced_codes_cost_nothing():
    half = _codes(6, BITS).requires_grad_()
    balance = imbalance(torch.cat([half, -half]))
    balance.backward()
    assert balance.item() == 0
    assert not half.grad.any()


def test_the_official_balance_multiplies_each_querys_gradient_by_its_weight():
    query, weight = relax(_outputs(count=TRIPLETS)).requires_grad_(), _weights()
    official = imbalance(query, weight)
    assert official.item() == pytest.approx(imbalance(query).item())
    official.backward()
    expected = weight[:, None] * query.detach().mean(dim=0) / TRIPLETS
    torch.testing.assert_close(query.grad, expected)


def test_balance_and_reduction_are_as_documented():
    outputs, weight = _outputs(), _weights()
    query = relax(outputs)[:TRIPLETS]
    whole = _objective(outputs, weight, alpha=0.0, rho=RHO * BITS / 64)
    by_sum, by_mean = (_terms(outputs, weight, alpha=2.0, reduction=r) for r in ("sum", "mean"))
    for terms, divisor in ((by_sum, TRIPLETS), (by_mean, 1)):
        assert terms["ranking"].item() == pytest.approx(whole.item() / TRIPLETS)
        assert terms["balance"].item() == pytest.approx(query.mean(dim=0).square().sum().item() / divisor)


@pytest.mark.parametrize(("bits", "margin"), [(16, 1.25), (32, 2.5), (48, 3.75), (64, 5.0)])
def test_the_margin_is_scaled_with_the_bits_if_wanted(bits, margin):
    same = _outputs(count=1, bits=bits).expand(3, -1)
    one = torch.ones(1, dtype=torch.float64)
    assert _terms(same, one)["ranking"].item() == pytest.approx(margin)
    assert _terms(same, one, rho_scaling="fixed")["ranking"].item() == pytest.approx(5.0)


def test_t11_constant_weights_give_the_unweighted_loss():
    outputs = _outputs()
    unweighted = hinges(*relax(outputs).chunk(3), RHO * BITS / 64).mean()
    constant = torch.full((TRIPLETS,), 0.37, dtype=torch.float64)
    assert _terms(outputs, constant)["ranking"].item() == pytest.approx(0.37 * unweighted.item())
    labels = np.random.default_rng(0).integers(0, 2, (40, 3))
    method, _ = _started(labels, weighted=False)
    batches = list(method.batches(1, lambda: None, np.random.default_rng(0)))
    assert all(torch.equal(batch.weight, torch.ones(len(batch.weight))) for batch in batches)
    assert _terms(outputs, torch.ones(TRIPLETS))["ranking"].item() == pytest.approx(unweighted.item())


def test_one_label_each_gives_one_triplet_of_weight_ln_2():
    models = np.repeat(np.arange(6), 5)
    method, _ = _started(np.eye(6)[models], batch_size=32, repeat_constant=1)
    batches = list(method.batches(1, lambda: None, np.random.default_rng(0)))
    query, more, less = np.concatenate([batch.images.reshape(3, -1) for batch in batches], axis=1)
    assert np.array_equal(np.sort(query), np.arange(30))
    assert np.array_equal(models[query], models[more])
    assert (query != more).all()
    assert (models[query] != models[less]).all()
    assert all(torch.allclose(batch.weight, torch.tensor(math.log(2))) for batch in batches)


def test_an_epoch_has_no_more_queries_than_wanted_and_unlabelled_ones_never():
    labels = np.array([[1, 1]] * 2 + [[1, 0]] * 6 + [[0, 0]] * 4)
    for allowed in (True, False):
        method, _ = _started(labels, queries_per_epoch=50, unlabelled_negatives=allowed)
        towers = [batch.images.reshape(3, -1) for batch in method.batches(1, lambda: None, np.random.default_rng(0))]
        query, more, less = np.concatenate(towers, axis=1)
        # With an unlabelled one the two of both labels have lists of three, all others, alike among themselves, of two.
        assert 50 <= len(query) <= 150 if allowed else len(query) <= 50
        assert query.max() < 8
        assert more.max() < 8
        assert (less >= 8).any() == allowed


def test_the_hash_layers_rate_falls_at_half_of_the_epochs_and_others_do_not():
    method, network = _started(np.eye(2)[[0, 0, 1, 1]], epochs=4, width=8)
    optimiser = method.optimiser(network.parameter_groups(0.5, 0.01))
    for group in optimiser.param_groups:
        group["initial_lr"] = group["lr"]
    rates = []
    for epoch in range(1, 5):
        for group in optimiser.param_groups:
            group["lr"] = group["initial_lr"] * method.rate(epoch)
        network(torch.randn(3, 6)).sum().backward()
        optimiser.step()
        rates.append({group["falls"]: group["lr"] for group in optimiser.param_groups})
    assert [rate[True] for rate in rates] == pytest.approx([0.5, 0.5, 0.05, 0.05])
    assert [rate[False] for rate in rates] == [0.5] * 4


@pytest.mark.parametrize(("epochs", "first"), [(1, 1), (2, 1), (3, 2), (5, 3), (30, 15)])
def test_the_first_stage_has_the_epoch_in_the_middle(epochs, first):
    method = DSRH(Settings(epochs=epochs), 8, 0)
    assert [method.rate(epoch) for epoch in range(1, epochs + 1)] == [1.0] * first + [0.1] * (epochs - first)


def test_momentum_and_coupled_decay_are_the_official_ones():
    weight = torch.nn.Parameter(torch.tensor([2.0]))
    optimiser = DSRH(Settings(), 8, 0).optimiser([{"params": [weight], "lr": 0.1, "falls": True}])
    value, velocity = 2.0, 0.0
    for gradient in (1.0, -0.5, 0.25):
        weight.grad = torch.tensor([gradient])
        optimiser.step()
        velocity = 0.9 * velocity - 0.1 * (5e-4 * value + gradient)  # cuda-convnet2's update
        value += velocity
        assert weight.item() == pytest.approx(value)


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (np.ones((4, 1)), "at least 2 classes"),
        (np.eye(4), "no two training photographs share one"),
        (np.ones((4, 2)), "no training photograph finds others that share more and less"),
    ],
)
def test_a_collection_without_anything_to_rank_is_told(labels, told):
    with pytest.raises(CannotTrain, match=told):
        _started(labels)


def _toy():
    """Features that are linear in three labels, and noise."""
    rng = np.random.default_rng(0)
    labels = (rng.random((240, 3)) < 0.5).astype(np.int32)
    features = labels @ rng.standard_normal((3, 12)) + 2 + 0.3 * rng.standard_normal((240, 12))
    return labels, np.clip(features, 1e-3, None).astype(np.float16)[:, :, None, None]


@pytest.mark.parametrize(("reduction", "share", "least"), [("sum", 0.95, 0.95), ("mean", 0.3, 0.8)])
def test_t14_training_raises_ndcg_and_lowers_the_balance_norm(reduction, share, least):
    labels, maps = _toy()
    rows, queries = np.arange(200), np.flatnonzero(labels[200:].any(axis=1)) + 200
    relevance = sparse.csr_array(labels[queries] @ labels[rows].T)
    norms = []

    def validate(outputs_of):
        norms.append(float(np.linalg.norm(np.tanh(outputs_of(rows) / 2).mean(axis=0))))
        codes = (pack(outputs_of(some)) for some in (queries, rows))
        return {"map_expected": float(np.nanmean(ndcg_at(graded_histograms(*codes, relevance), 50)))}

    method = DSRH(Settings(epochs=8, width=128, reduction=reduction), 16, 0)
    history = train(method, Inputs(maps), _supervision(labels[rows]), validate).history
    assert history["map_expected"].iloc[-1] > history["map_expected"][0] + 0.3
    assert history["map_expected"].iloc[-1] > least
    assert norms[0] > 1.5  # every bit starts near tanh(1/2)
    assert norms[-1] < norms[0] * share  # the sum's balance is weaker by the triplets of a batch (2.5.2)
    assert history["ranking"].iloc[-1] < history["ranking"][1]


def test_the_shared_backbone_can_be_trained_along():
    method = DSRH(Settings(width=8), 8, 0)
    network = method.network(256, 0).attach(Backbone("test_efficientnet", "random"), 32)
    pixels = np.random.default_rng(0).integers(0, 256, (6, 3, 32, 32), dtype=np.uint8)
    method.start(network, _supervision(np.eye(2)[[0, 1] * 3]), pixels)
    method.optimiser(network.parameter_groups(0.1, 0.01)).zero_grad()
    batch = next(method.batches(1, lambda: None, np.random.default_rng(0)))
    block = network.features(torch.from_numpy(pixels[batch.images]))
    sum(method.loss(network, block, batch).values()).backward()
    assert network.backbone.network.conv_stem.weight.grad.any()
    groups = network.parameter_groups(0.1, 0.01)
    assert [(group["lr"], group["falls"]) for group in groups] == [(0.1, True), (0.1, False), (0.001, False)]
    assert sum(len(group["params"]) for group in groups) == len(list(network.parameters()))


class Narrow(AlexNet):
    """The published network with two small layers at its top."""

    def __init__(self, *rest):
        super().__init__(*rest, width=8)


def test_the_published_network_trains_from_pixels(tmp_path, monkeypatch):
    monkeypatch.setattr(dsrh, "AlexNet", Narrow)
    rng = np.random.default_rng(0)
    paths = [tmp_path / f"{number}.png" for number in range(4)]
    for number, path in enumerate(paths):
        shade = np.full((40, 60, 3), 40 + 160 * (number % 2))
        Image.fromarray(np.clip(shade + rng.integers(-30, 30, shade.shape), 0, 255).astype(np.uint8)).save(path)
    settings = Settings(network="paper", weights="random", epochs=2, queries_per_epoch=4, batch_size=2)
    inputs = Inputs(np.zeros((4, 2, 1, 1), dtype=np.float16), paths)
    method = DSRH(settings, 8, 0)
    trained = train(
        method,
        inputs,
        _supervision(np.eye(2)[[0, 1, 0, 1]]),
        lambda of: {"map_expected": float(of(np.arange(4)).std())},
    )
    assert np.isfinite(trained.history.loc[1:, ["ranking", "balance", "magnitude"]]).all(axis=None)
    assert trained.weights["mean"].abs().sum() > 0
    assert isinstance(method.network(1, 0), AlexNet)


def test_models_whose_photographs_share_no_points_are_told():
    labels = sparse.csr_array(np.eye(3, dtype=np.int32)[np.repeat(np.arange(3), 4)])
    alone = sparse.csr_array(np.eye(12, dtype=np.float32))
    known = Supervision(np.arange(12), labels, alone, levels=alone.astype(np.int8), source="geometry")
    method = DSRH(Settings(), 16, 0)
    with pytest.raises(CannotTrain, match="share more and less"):
        method.start(method.network(6, 0), known, np.ones((12, 6), dtype=np.float32))


@pytest.mark.parametrize("source", ["geometry", "geometry-graded"])
def test_one_model_has_grades_to_rank_by(source):
    steps = np.abs(np.arange(12)[:, None] - np.arange(12))
    known = Supervision(
        np.arange(12),
        sparse.csr_array(np.ones((12, 1), np.int32)),
        sparse.csr_array(np.maximum(1 - steps / 4, 0).astype(np.float32)),
        levels=sparse.csr_array(np.maximum(4 - steps, 0).astype(np.int8)),
        source=source,
    )
    method = DSRH(Settings(), 16, 0)
    features = np.random.default_rng(0).random((12, 6), dtype=np.float32)
    method.start(method.network(6, 0), known, features)
    towers = next(method.batches(1, lambda: features, np.random.default_rng(0)))
    query, more, less = towers.images.reshape(3, -1)
    grades = known.grades(np.arange(12), np.arange(12))
    assert (grades[query, more] > grades[query, less]).all()
