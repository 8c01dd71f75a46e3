"""The checks of the specification of DSAH (A.13)."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy import sparse

from bitscape.core.errors import CannotTrain
from bitscape.core.params import Params
from bitscape.core.settings.dsah import DSAH as Settings
from bitscape.core.settings.networks import Common
from bitscape.methods.base.registry import create
from bitscape.methods.dsah import DSAH, Block, information_content
from bitscape.networks.backbones import create_pretrained
from bitscape.networks.heads import TanhPair
from bitscape.networks.pooling import unit_length
from bitscape.networks.published.vgg import VGGTanhPair
from bitscape.supervision.neighbourhood import neighbourhood_similarity
from bitscape.supervision.supervision import Supervision
from bitscape.training.inputs import Inputs
from bitscape.training.loop import train
from tests.training.world import CHANNELS, make_world

GENERATOR = torch.Generator().manual_seed(0)


def _cosines(size=50, bits=16):
    unit = unit_length(torch.randn(size, bits, dtype=torch.float64, generator=GENERATOR))
    return unit @ unit.T


def _targets(size):
    return torch.sign(torch.randn(size, size, dtype=torch.float64, generator=GENERATOR))


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
    order = cosines.flatten().argsort()
    assert (weights.flatten()[order].diff() < 0).all()


def test_an_infinite_temperature_weighs_all_pairs_alike():
    weights = information_content(_cosines(), 1e9)
    torch.testing.assert_close(weights, torch.full_like(weights, 2 * math.log(50)), atol=1e-7, rtol=0)


@pytest.mark.parametrize("cosines", [_cosines(), 2 * torch.eye(50, dtype=torch.float64) - 1, _targets(50)])
def test_weights_lie_in_the_bounds_given_for_batches_of_50(cosines):
    weights = information_content(cosines, 1.0)
    assert weights.min() >= 5.83
    assert weights.max() <= 9.83


def test_the_bounds_are_those_of_a_single_pair_against_all_others():
    for single, bound in ((1.0, 5.83), (-1.0, 9.82)):
        cosines = torch.full((50, 50), -single, dtype=torch.float64)
        cosines[0, 1] = single
        assert information_content(cosines, 1.0)[0, 1].item() == pytest.approx(bound, abs=5e-3)


def test_the_reversed_weights_are_the_controls_formula_and_nearly_without_gradient():
    cosines = _cosines()
    shares = torch.softmax(cosines.flatten(), dim=0).view_as(cosines)
    weights = information_content(cosines, 1.0, "reversed")
    torch.testing.assert_close(weights, -torch.log(1 - shares))
    assert weights.mean().item() == pytest.approx(4e-4, rel=0.1)
    order = cosines.flatten().argsort()
    assert (weights.flatten()[order].diff() >= 0).all()


@pytest.mark.parametrize("pic", ["attached", "detached", "reversed", "off"])
@pytest.mark.parametrize("tau", [0.1, 1.0])
def test_normalised_weights_have_mean_one_and_the_mean_has_no_gradient(pic, tau):
    cosines = _cosines(8).requires_grad_()
    weights, plain = (information_content(cosines, tau, pic, normalise) for normalise in (True, False))
    assert weights.mean().item() == pytest.approx(1)
    torch.testing.assert_close(weights * plain.mean(), plain)
    if pic in ("attached", "reversed"):
        gradients = [torch.autograd.grad(w[0, 1], cosines, retain_graph=True)[0] for w in (weights, plain)]
        torch.testing.assert_close(gradients[0] * plain.mean(), gradients[1])
    else:
        assert not weights.requires_grad


def _weighted(cosines, targets, tau, pic):
    return (information_content(cosines, tau, pic) * (cosines - targets).square()).mean()


@pytest.mark.parametrize("tau", [0.2, 1.0])
@pytest.mark.parametrize("pic", ["attached", "detached"])
def test_both_gradients_are_their_formula_and_central_differences(pic, tau):
    cosines, targets = _cosines(6).requires_grad_(), _targets(6)
    _weighted(cosines, targets, tau, pic).backward()
    with torch.no_grad():
        weights = information_content(cosines, tau)
        gaps = (cosines - targets).square()
        expected = 2 * weights * (cosines - targets)
        if pic == "attached":
            expected += -gaps / tau + torch.exp(-weights) / tau * gaps.sum()
    torch.testing.assert_close(cosines.grad, expected / 36)
    differences = torch.zeros_like(cosines)
    for at in np.ndindex(6, 6):
        step = torch.zeros(6, 6, dtype=torch.float64)
        step[at] = 1e-6
        with torch.no_grad():
            ends = [
                _weighted(moved, targets, tau, pic) if pic == "attached" else (weights * (moved - targets) ** 2).mean()
                for moved in (cosines + step, cosines - step)
            ]
        differences[at] = (ends[0] - ends[1]) / 2e-6
    torch.testing.assert_close(cosines.grad, differences, atol=1e-7, rtol=1e-6)


def test_at_a_high_temperature_attached_and_detached_nearly_agree_and_at_a_low_one_not():
    """The specification: at tau 1 the extra terms are small, at tau <= 0.2 they matter."""

    def gradient(tau, pic):
        cosines = _cosines_of_fixed_codes().requires_grad_()
        _weighted(cosines, 2 * torch.eye(50, dtype=torch.float64) - 1, tau, pic).backward()
        return cosines.grad

    apart = {tau: (gradient(tau, "attached") - gradient(tau, "detached")).norm() for tau in (1.0, 0.2)}
    sizes = {tau: gradient(tau, "detached").norm() for tau in (1.0, 0.2)}
    assert apart[1.0] / sizes[1.0] < 0.1
    assert apart[0.2] / sizes[0.2] > 2 * apart[1.0] / sizes[1.0]


def _cosines_of_fixed_codes():
    unit = unit_length(torch.randn(50, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(1)))
    return unit @ unit.T


@pytest.mark.parametrize("pic", ["attached", "reversed", "off"])
@pytest.mark.parametrize("quant_normalised", [True, False])
def test_the_whole_loss_has_the_gradient_of_central_differences(pic, quant_normalised):
    codes = torch.randn(5, 4, dtype=torch.float64, generator=GENERATOR).requires_grad_()
    targets = np.sign(np.random.default_rng(0).standard_normal((5, 5)))

    def loss(codes):
        terms = _terms(codes, targets, pic=pic, tau=0.5, quant_normalised=quant_normalised)
        return torch.stack(list(terms.values())).sum()

    assert torch.autograd.gradcheck(loss, codes)


def test_similarity_of_equal_codes_is_four_times_the_share_of_strangers():
    similarity = np.where(np.random.default_rng(0).random((20, 20)) < 0.3, 1.0, -1.0)
    terms = _terms(torch.ones(20, 8, dtype=torch.float64), similarity, pic="off")
    assert terms["similarity"].item() == pytest.approx(4 * (similarity < 0).mean())


def _classes(classes, photographs=3):
    return np.where(np.kron(np.eye(classes), np.ones((photographs, photographs))) > 0, 1.0, -1.0)


@pytest.mark.parametrize(("classes", "least"), [(2, 0.0), (3, 1 / 6), (5, 0.45), (10, 0.7111)])
def test_perfect_classes_reach_the_simplex_minimum(classes, least):
    assert (classes - 2) ** 2 / (classes * (classes - 1)) == pytest.approx(least, abs=5e-5)
    codes = (torch.eye(classes, dtype=torch.float64) - 1 / classes).repeat_interleave(3, dim=0)
    terms = _terms(codes, _classes(classes), pic="off")
    assert terms["similarity"].item() == pytest.approx(least, abs=5e-5)


@pytest.mark.parametrize("classes", [2, 5, 10])
def test_training_comes_down_to_the_simplex_minimum_and_never_below(classes):
    codes = torch.randn(3 * classes, 16, dtype=torch.float64, generator=GENERATOR).requires_grad_()
    optimiser = torch.optim.Adam([codes], lr=0.05)
    values = []
    for _ in range(400):
        optimiser.zero_grad()
        term = _terms(codes, _classes(classes), pic="off")["similarity"]
        values.append(term.item())
        term.backward()
        optimiser.step()
    least = (classes - 2) ** 2 / (classes * (classes - 1))
    assert min(values) >= least - 1e-9
    assert values[-1] == pytest.approx(least, abs=1e-3)
    assert values[0] > least + 0.1


@pytest.mark.parametrize(("bits", "least"), [(16, 0.5625), (32, 0.6777), (64, 0.7656)])
def test_quantisation_has_its_minimum_at_equal_magnitudes(bits, least):
    assert (1 - 1 / math.sqrt(bits)) ** 2 == pytest.approx(least, abs=5e-5)
    codes = torch.sign(torch.randn(30, bits, dtype=torch.float64, generator=GENERATOR))
    equal = _terms(0.01 * codes, np.ones((30, 30)), beta=1.0)["quantisation"]
    assert equal.item() == pytest.approx(least, abs=5e-5)
    uneven = torch.randn(30, bits, dtype=torch.float64, generator=GENERATOR)
    lengths = uneven.norm(dim=1)
    identity = (1 + 1 / bits - 2 / bits * uneven.abs().sum(dim=1) / lengths).mean()
    found = _terms(uneven, np.ones((30, 30)), beta=1.0)["quantisation"].item()
    assert found == pytest.approx(identity.item())
    assert found > least


@given(st.floats(0.01, 100), st.integers(0, 100))
def test_quantisation_is_blind_to_scale_unless_it_takes_the_outputs_as_they_are(scale, seed):
    codes = torch.randn(5, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    plain, scaled = (_terms(c, np.ones((5, 5)), beta=1.0)["quantisation"] for c in (codes, scale * codes))
    torch.testing.assert_close(plain, scaled)
    textbook = _terms(scale * codes, np.ones((5, 5)), beta=1.0, quant_normalised=False)["quantisation"]
    torch.testing.assert_close(textbook, (torch.sign(codes) - scale * codes).square().mean())


def test_signs_come_from_a_pass_in_evaluation_mode_and_an_output_of_zero_counts_as_plus():
    network = TanhPair(6, 4, 5, 0.5, 0.5).double().train()
    features = torch.randn(7, 6, dtype=torch.float64, generator=GENERATOR)
    method = DSAH(Settings(beta=1.0, alpha=0.0), 4, 0)
    torch.manual_seed(3)
    found = method.loss(network, features, Block(np.arange(7), torch.ones(7, 7)))["quantisation"]
    assert network.training
    torch.manual_seed(3)
    varied = unit_length(network(features))  # dropout on
    signs = torch.sign(network.eval()(features))
    torch.testing.assert_close(found, (signs - varied).square().mean())
    assert not torch.equal(torch.sign(varied), signs)
    zero = _terms(torch.zeros(3, 4, dtype=torch.float64), np.ones((3, 3)), beta=1.0, quant_normalised=False)
    assert zero["quantisation"].item() == 1


def _started(**settings):
    method = DSAH(Settings(**settings), 16, 0)
    method.similarity = sparse.csr_array(np.eye(8, dtype=np.int8))
    return method


def test_one_round_never_changes_the_neighbours():
    method = _started(rounds=1, epochs=2)
    before = method.similarity.copy()
    for epoch in (1, 2):
        method.end_epoch(epoch, lambda: np.ones((8, 16), dtype=np.float32))
    assert (before != method.similarity).nnz == 0


@pytest.mark.parametrize(("adapt", "shares"), [(True, [1 / 8, 1.0, 1.0, 1.0]), (False, [1 / 8] * 4)])
def test_the_update_runs_between_rounds_only_and_not_if_it_is_off(adapt, shares):
    method = _started(rounds=2, epochs=2, adapt=adapt)
    found = [method.end_epoch(e, lambda: np.ones((8, 16), dtype=np.float32)) for e in (1, 2, 3, 4)]
    assert [columns["neighbour_share"] for columns in found] == shares


def test_the_update_has_the_similarity_that_is_set():
    """Long codes are neighbours by inner product, equal directions by cosine."""
    outputs = np.repeat(np.array([[0.9], [0.1]], dtype=np.float32), 4, axis=0) * np.ones((8, 16), dtype=np.float32)
    grown = {}
    for measure in ("raw", "cosine"):
        method = _started(rounds=2, epochs=1, update_similarity=measure)
        method.end_epoch(1, lambda: outputs)
        grown[measure] = method.similarity.nnz
    assert grown == {"raw": 4 * 4 + 4, "cosine": 64}


def test_the_similarity_is_saved_and_restored_exactly():
    method, again = _started(), _started()
    rng = np.random.default_rng(0)
    marked = np.triu(rng.random((8, 8)) < 0.4)
    method.similarity = sparse.csr_array((marked | marked.T | np.eye(8, dtype=bool)).astype(np.int8))
    again.restore({name: torch.from_numpy(array).numpy() for name, array in method.state().items()})
    for name in ("data", "indices", "indptr"):
        one, other = getattr(method.similarity, name), getattr(again.similarity, name)
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)


def test_batches_are_full_and_cover_the_photographs_once():
    method = DSAH(Settings(batch_size=5), 16, 0)
    method.similarity = sparse.csr_array(np.eye(23, dtype=np.int8))
    batches = list(method.batches(1, lambda: np.zeros((23, 16)), np.random.default_rng(0)))
    images = np.concatenate([batch.images for batch in batches])
    assert len(batches) == 4
    assert len(np.unique(images)) == len(images) == 20
    assert torch.equal(batches[0].similarity, 2 * torch.eye(5) - 1)


def test_a_batch_has_its_part_of_the_similarity_in_its_own_order():
    method = DSAH(Settings(batch_size=6), 16, 0)
    dense = np.triu(np.random.default_rng(0).random((20, 20)) < 0.3)
    method.similarity = sparse.csr_array((dense | dense.T | np.eye(20, dtype=bool)).astype(np.int8))
    whole = 2.0 * method.similarity.toarray() - 1
    for batch in method.batches(1, lambda: np.zeros((20, 16)), np.random.default_rng(1)):
        assert np.array_equal(batch.similarity.numpy(), whole[np.ix_(batch.images, batch.images)])


@pytest.fixture
def small(monkeypatch, tmp_path):
    """The published network with a narrow fc6, on photographs of 32 pixels; a dozen of them."""
    monkeypatch.setattr(
        "bitscape.networks.published.vgg.create_pretrained",
        lambda *rest, **options: create_pretrained(*rest, mlp_ratio=1 / 256, **options),
    )
    monkeypatch.setattr(VGGTanhPair, "side", 32)
    rng = np.random.default_rng(0)
    for number in range(12):
        colours = np.array([40, 220]).repeat(6)[number] + rng.integers(-30, 30, (4, 4, 3))
        picture = Image.fromarray(colours.astype(np.uint8)).resize((32, 32), Image.Resampling.NEAREST)
        picture.save(tmp_path / f"{number}.png")
    return [tmp_path / f"{number}.png" for number in range(12)]


PAPER = {"network": "paper", "weights": "random", "k1_share": 0.25, "k2_share": 0.25}


def test_the_published_network_has_the_authors_start_and_optimiser_whatever_is_set(small):
    method = DSAH(Settings(**PAPER, learning_rate=0.3, deviation=1.0, dropout=0.1, width=7, decay=0.5), 16, 0)
    network = method.network(CHANNELS, 0)
    for parameter in network.hash.parameters():
        assert parameter.abs().max() <= 0.002  # two deviations of 0.001
    assert network.hash[0].weight.std().item() == pytest.approx(0.88e-3, rel=0.01)  # of the cut normal
    assert [layer.out_features for layer in (network.hash[0], network.hash[1])] == [1000, 16]
    assert network.body.dropout.p == 0.5
    optimiser = method.optimiser(network.parameter_groups(method.settings.learning_rate, 0.01))
    (group,) = optimiser.param_groups
    assert len(group["params"]) == len(list(network.parameters()))
    assert (group["lr"], optimiser.epsilon_hat, optimiser.decay, optimiser.decay_steps) == (1e-4, 1.0, 0.99, 200)
    shared = DSAH(Settings(learning_rate=0.3), 16, 0)
    assert shared.settings.learning_rate == 0.3


def test_the_published_network_trains_from_pixels_with_neighbours_of_its_own_relu7(small):
    n = len(small)
    supervision = Supervision(
        np.arange(n),
        sparse.csr_array((n, 0), dtype=np.int32),
        sparse.csr_array((n, n)),
        similarity=_started().similarity,
    )
    params = Params.model_validate({"train": {"methods": {"dsah": {**PAPER, "rounds": 2, "epochs": 1}}}})
    method, known = create("dsah", 16, params), {}
    start = method.start

    def noted(network, supervision, features):
        known["before"] = network.body.network.features[0].weight.detach().clone()
        with torch.inference_mode():
            known["relu7"] = network.eval().body(torch.from_numpy(features[:])).numpy()
        network.train()
        start(network, supervision, features)
        known["similarity"] = method.similarity

    method.start = noted
    inputs = Inputs(np.zeros((n, CHANNELS, 1, 1), dtype=np.float16), small)
    trained = train(method, inputs, supervision, lambda _: {"map_expected": float("nan")}, Common(device="cpu"))
    assert known["relu7"].shape == (n, 4096)
    assert (known["similarity"] != neighbourhood_similarity(known["relu7"], 3, 3)).nnz == 0
    assert np.isfinite(trained.history["similarity"][1:]).all()
    moved = trained.weights["body.network.features.0.weight"] - known["before"]
    assert moved.abs().max() > 0
    assert method.similarity.nnz >= known["similarity"].nnz


@pytest.fixture(scope="module")
def world():
    return make_world(places=6)


def _last(world, **settings):
    """Train through the real loop and keep the last epoch, as nothing is validated."""
    params = Params.model_validate({"train": {"methods": {"dsah": {"epochs": 2, **settings}}}})
    method = create("dsah", 16, params)
    return train(method, Inputs(world.maps), world.supervision, lambda _: {"map_expected": float("nan")})


def test_with_one_round_the_weights_are_the_same_bits_whether_neighbours_adapt_or_not(world):
    on, off = (_last(world, rounds=1, adapt=adapt) for adapt in (True, False))
    assert on.epoch == off.epoch == 2
    assert on.weights.keys() == off.weights.keys()
    assert all(torch.equal(tensor, off.weights[name]) for name, tensor in on.weights.items())
    assert on.history.equals(off.history)


def test_with_more_rounds_neighbours_grow_unless_they_do_not_adapt(world):
    on, off = (_last(world, rounds=3, adapt=adapt) for adapt in (True, False))
    grown, fixed = (run.history["neighbour_share"][1:] for run in (on, off))
    assert grown.is_monotonic_increasing
    assert grown.iloc[-1] > grown.iloc[0]
    assert fixed.nunique() == 1
    assert any(not torch.equal(tensor, off.weights[name]) for name, tensor in on.weights.items())


@pytest.mark.parametrize("pic", ["detached", "reversed", "off"])
@pytest.mark.parametrize("pic_normalise", [True, False])
def test_every_weighting_trains(world, pic, pic_normalise):
    trained = _last(world, rounds=1, pic=pic, pic_normalise=pic_normalise, quant_normalised=False)
    assert np.isfinite(trained.history["similarity"][1:]).all()


def test_it_needs_no_labels_and_says_what_is_missing(world):
    known = world.supervision
    n = len(known.rows)
    nothing = replace(known, labels=sparse.csr_array((n, 0), dtype=np.int32), pairs=known.pairs[:0])
    assert Settings.needs == {"similarity"}
    assert "supervision" not in Settings.model_fields
    method = DSAH(Settings(), 16, 0)
    features = np.random.default_rng(0).random((n, CHANNELS)).astype(np.float32)
    network = method.network(CHANNELS, 0)
    method.start(network, nothing, features)
    np.testing.assert_allclose(network.centre, features.mean(axis=0), rtol=1e-6)
    with pytest.raises(CannotTrain, match="fewer than two"):
        method.start(network, replace(nothing, similarity=None), features)
    literal = replace(nothing, similarity=sparse.csr_array((n, n), dtype=np.int8))
    with pytest.raises(CannotTrain, match="not their own neighbours"):
        method.start(network, literal, features)


def test_a_bare_off_in_yaml_is_off(tmp_path):
    from bitscape.core.params import load

    path = tmp_path / "params.yaml"
    path.write_text("train: {methods: {dsah: {pic: off}}}", encoding="utf-8")
    assert load(path).train.methods.dsah.pic == "off"
