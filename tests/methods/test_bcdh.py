"""The checks of the specification of BCDH (1.12) that concern its loss, its readings and its batches."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from scipy import sparse

from bitscape.core.errors import CannotTrain
from bitscape.core.params import Params
from bitscape.core.settings.bcdh import BCDH as Settings
from bitscape.core.settings.networks import Common
from bitscape.methods.bcdh import BCDH, Block
from bitscape.networks.contrastive import contrastive, nearest_codes
from bitscape.networks.published.vgg_gem import VGGGeM
from bitscape.supervision.supervision import Supervision
from bitscape.supervision.tuples import hardest_negatives, pairs_of
from bitscape.training.checkpoint import Checkpoint
from bitscape.training.inputs import Inputs
from bitscape.training.loop import train
from bitscape.training.outputs import compute_outputs
from tests.training.world import make_world

GENERATOR = torch.Generator().manual_seed(0)
STRICT = {"rtol": 1e-6, "atol": 1e-8}  # T1: a relative error below 1e-6
READINGS = [{"reading": r, "hinge": h} for r in "ABC" for h in ("euclid", "sq")]


class Identity(torch.nn.Module):
    """A network that hands its features on, so that losses can be computed on given outputs."""

    def forward(self, features):
        return features


def make_scenes(scenes=6, views=8, dimensions=32, seed=0, source="geometry"):
    """Draw photographs of some places: features around a centre of each, pairs and overlap of near views."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((scenes, dimensions))
    models = np.repeat(np.arange(scenes), views)
    features = (centres[models] + 0.6 * rng.standard_normal((scenes * views, dimensions))).astype(np.float32)
    steps = np.abs(np.arange(len(models))[:, None] - np.arange(len(models)))
    overlap = np.where(models[:, None] == models, np.maximum(1 - 0.3 * steps, 0), 0).astype(np.float32)
    pairs = pd.DataFrame(np.argwhere((overlap > 0) & (steps > 0)), columns=["query", "positive"])
    labels = sparse.csr_array(np.eye(scenes, dtype=np.int32)[models])
    known = Supervision(np.arange(len(models)), labels, sparse.csr_array(overlap), pairs, source=source)
    return features, known


def start(source="geometry", bits=16, **settings):
    features, known = make_scenes(source=source)
    method = BCDH(Settings(supervision=source, **settings), bits, 0)
    network = method.network(32, 6)
    method.start(network, known, features)
    return method, network, features, known


def of(values):
    """What gives the outputs of all photographs, or of some."""
    return lambda rows=slice(None): values[rows]


def make_pairs(rows=6):
    """Two tuples of three photographs, of which one is in both: two similar pairs and two dissimilar ones."""
    return pairs_of(np.array([[0, 1, 2], [3, 4, 2]])[:, : rows // 2], positives=1)


def gaps(outputs):
    return 0.5 * (outputs - nearest_codes(outputs)).square().sum(dim=-1)


@pytest.mark.parametrize("hinge", ["euclid", "sq"])
@pytest.mark.parametrize("similar", [0.0, 1.0])
@pytest.mark.parametrize("margin", [0.5, 50.0])
def test_t1_gradients_of_the_pair_terms(similar, margin, hinge):
    left, right = (torch.randn(4, 8, dtype=torch.float64, generator=GENERATOR).requires_grad_() for _ in range(2))
    flags = torch.full((4,), similar, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda u, v: contrastive(u, v, flags, margin, hinge), (left, right), **STRICT)
    assert torch.autograd.gradcheck(gaps, left, **STRICT)


@pytest.mark.parametrize("hinge", ["euclid", "sq"])
def test_t1_distance_zero_of_a_dissimilar_pair_has_no_gradient(hinge):
    left = torch.ones(1, 8, requires_grad=True)
    loss = contrastive(left, left.detach().clone(), torch.zeros(1), 2.0, hinge)
    loss.sum().backward()
    assert loss.item() == 2.0
    assert torch.equal(left.grad, torch.zeros(1, 8))


@pytest.mark.parametrize("reading", ["A", "C"])
def test_t1_gradients_of_the_whole_loss_with_fixed_codes(reading):
    method = BCDH(Settings(reading=reading, b_refresh="round"), 4, 0)
    method.graded, method.multipliers = False, np.linspace(-1, 1, 20, dtype=np.float32).reshape(5, 4)
    pairs = make_pairs()
    codes = np.sign(np.random.default_rng(0).standard_normal((2, len(pairs.left), 4))).astype(np.float32)
    outputs = torch.randn(6, 4, dtype=torch.float64, generator=GENERATOR).requires_grad_()
    batch = Block(pairs.images, pairs, 0.3, codes)

    def loss(values):
        return torch.stack(list(method.loss(Identity(), values, batch).values())).sum()

    assert torch.autograd.gradcheck(loss, outputs, **STRICT)


def test_t2_the_nearest_code_costs_the_distance_of_magnitudes_to_one():
    outputs = torch.randn(20, 8, dtype=torch.float64, generator=GENERATOR)
    codes = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=8)), dtype=torch.float64)
    least = torch.cdist(outputs, codes).square().min(dim=1).values
    torch.testing.assert_close(2 * gaps(outputs), least)
    torch.testing.assert_close(least, (outputs.abs() - 1).square().sum(dim=1))


def _step_by_step(steps=4, **settings):
    """Take some steps of a method on random outputs and give the loss and the gradient of each."""
    method = BCDH(Settings(lambda_start=0.2, lambda_growth=1, rho_start=0.2, rho_growth=1, **settings), 8, 0)
    method.graded, method.multipliers = False, np.zeros((5, 8), dtype=np.float32)
    pairs = make_pairs()
    outputs = torch.randn(6, 8, generator=torch.Generator().manual_seed(1)).requires_grad_()
    seen = []
    for _ in range(steps):
        terms = method.loss(Identity(), outputs, Block(pairs.images, pairs, method.weight(1)))
        (gradient,) = torch.autograd.grad(sum(terms.values()), outputs)
        seen.append((sum(terms.values()).item(), gradient))
        with torch.no_grad():
            outputs -= 0.5 * gradient
    return seen


def test_t4_reading_c_without_multipliers_is_reading_a_counted_by_photograph():
    for one, other in zip(_step_by_step(reading="C"), _step_by_step(reading="A", quant_count="image"), strict=True):
        assert one[0] == pytest.approx(other[0], rel=1e-6)
        torch.testing.assert_close(one[1], other[1])


def test_quantisation_counts_a_photograph_once_per_pair_or_once_in_all():
    pairs = make_pairs()
    outputs = torch.randn(6, 8, dtype=torch.float64, generator=GENERATOR)
    outputs[5] = outputs[2]  # one photograph, in both tuples
    found = {}
    for count in ("pair", "image"):
        method = BCDH(Settings(quant_count=count), 8, 0)
        method.graded = False
        found[count] = method.loss(Identity(), outputs, Block(pairs.images, pairs, 0.5))["quantisation"].item()
    of_each = 0.5 * gaps(outputs).numpy()
    assert found["pair"] == pytest.approx(
        (2 * of_each[0] + of_each[1] + 2 * of_each[3] + of_each[4] + 2 * of_each[2]) / 4
    )
    assert found["image"] == pytest.approx(of_each[:5].sum() / 4)


def test_t5_margin_zero_removes_negatives():
    left, right = torch.randn(5, 8, generator=GENERATOR), torch.randn(5, 8, generator=GENERATOR)
    for hinge in ("euclid", "sq"):
        assert torch.equal(contrastive(left, right, torch.zeros(5), 0.0, hinge), torch.zeros(5))


def test_t5_positives_alone_become_equal_and_shrink():
    features = torch.randn(6, 4, dtype=torch.float64, generator=GENERATOR)
    weights = torch.randn(4, 8, dtype=torch.float64, generator=GENERATOR).requires_grad_()
    before = (features @ weights).norm().item()
    for _ in range(2000):
        outputs = features @ weights
        loss = contrastive(outputs[:-1], outputs[1:], torch.ones(5), 1.0).mean()
        (gradient,) = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            weights -= 0.1 * gradient
    outputs = (features @ weights).detach()
    assert (outputs - outputs[0]).norm() < 0.01 * before
    assert outputs.norm() < 0.5 * before


def test_t6_a_large_lambda_drives_magnitudes_to_one():
    method = BCDH(Settings(), 8, 0)
    method.graded = False
    pairs = make_pairs()
    outputs = (0.1 * torch.randn(6, 8, generator=GENERATOR)).requires_grad_()
    for _ in range(500):
        terms = method.loss(Identity(), outputs, Block(pairs.images, pairs, 1e4))
        (gradient,) = torch.autograd.grad(sum(terms.values()), outputs)
        with torch.no_grad():
            outputs -= 1e-4 * gradient
    torch.testing.assert_close(outputs.abs(), torch.ones(6, 8), atol=1e-3, rtol=0)


def test_t7_squared_distance_of_codes_is_four_times_their_hamming_distance():
    codes = torch.sign(torch.randn(2, 64, generator=GENERATOR))
    squared = 2 * contrastive(codes[:1], codes[1:], torch.ones(1), 0.0)
    bits = np.packbits(codes.numpy() > 0, axis=1)
    assert squared.item() / 4 == np.bitwise_count(bits[0] ^ bits[1]).sum()


@pytest.mark.parametrize("settings", READINGS)
def test_t8_a_b_step_never_raises_the_objective(settings):
    rng = np.random.default_rng(0)
    for _ in range(50):
        method = BCDH(Settings(**settings), 6, 0)
        method.graded, method.multipliers = False, rng.standard_normal((5, 6)).astype(np.float32)
        pairs, weight = make_pairs(), float(rng.uniform(0.05, 2))
        outputs = torch.from_numpy(rng.standard_normal((6, 6)))
        ends = outputs.numpy()[np.stack([pairs.left, pairs.right])]
        old = np.sign(rng.standard_normal(ends.shape))

        def objective(codes, outputs=outputs, pairs=pairs, weight=weight, method=method):
            terms = method.loss(Identity(), outputs, Block(pairs.images, pairs, weight, codes.astype(np.float32)))
            # Reading B trains its second term without its weight, which here belongs to the objective.
            scale = weight if method.settings.reading == "B" else 1.0
            return sum((scale if name == "quantisation" else 1.0) * float(value) for name, value in terms.items())

        new = method.codes_of(ends, pairs, weight)
        assert objective(new) <= objective(old) + 1e-9


def test_reading_b_trains_the_regression_onto_its_codes_alone():
    method = BCDH(Settings(reading="B"), 4, 0)
    method.graded = False
    pairs = make_pairs()
    outputs = torch.randn(6, 4, dtype=torch.float64, generator=GENERATOR).requires_grad_()
    terms = method.loss(Identity(), outputs, Block(pairs.images, pairs, method.weight(1)))
    assert not terms["contrastive"].requires_grad
    codes = method.codes_of(outputs.detach().numpy()[np.stack([pairs.left, pairs.right])], pairs, 1.0)
    expected = np.zeros((6, 4))
    for rows, targets in zip((pairs.left, pairs.right), codes, strict=True):
        np.add.at(expected, rows, (outputs.detach().numpy()[rows] - targets) / len(rows))
    terms["quantisation"].backward()
    np.testing.assert_allclose(outputs.grad.numpy(), expected)


def test_multipliers_step_by_rho_times_the_gap_and_come_back_from_a_checkpoint():
    method, *_ = start(reading="C", rho_start=0.5, rho_growth=2, rho_max=1.5)
    assert [method.weight(epoch) for epoch in (1, 2, 3, 4)] == [0.5, 1.0, 1.5, 1.5]
    now = np.random.default_rng(0).standard_normal((48, 16)).astype(np.float32)
    told = method.end_epoch(1, lambda: now)
    first = 0.5 * (now - np.where(now >= 0, 1, -1))
    np.testing.assert_allclose(method.multipliers, first, rtol=1e-6)
    assert told["residual"] == pytest.approx(np.sqrt(np.mean((np.abs(now) - 1) ** 2)), rel=1e-6)
    method.end_epoch(2, lambda: now)
    second = first + 1.0 * (now - np.where(now + first >= 0, 1, -1))
    np.testing.assert_allclose(method.multipliers, second, rtol=1e-5)
    again, *_ = start(reading="C")
    again.restore(method.state())
    np.testing.assert_array_equal(again.multipliers, method.multipliers)


@pytest.mark.parametrize("settings", [{"reading": "C", "b_refresh": "round"}, {"reading": "B"}])
def test_a_run_that_was_stopped_goes_on_with_its_multipliers(settings, tmp_path, monkeypatch):
    world = make_world(places=6)
    chosen = {"epochs": 3, "queries_per_epoch": 20, "rho_start": 1.0, **settings}
    params = Params.model_validate({"train": {"methods": {"bcdh": chosen}}})
    _, whole = world.train("bcdh", params=params)
    end, ended = BCDH.end_epoch, []

    def stop(self, epoch, outputs):
        ended.append(epoch)
        if ended == [1, 2]:
            raise KeyboardInterrupt
        return end(self, epoch, outputs)

    monkeypatch.setattr(BCDH, "end_epoch", stop)
    checkpoint = Checkpoint(tmp_path / "state.pt")
    with pytest.raises(KeyboardInterrupt):
        world.train("bcdh", params=params, checkpoint=checkpoint)
    _, resumed = world.train("bcdh", params=params, checkpoint=checkpoint)
    assert ended == [1, 2, 2, 3]
    assert whole.history.equals(resumed.history)
    assert all(torch.equal(tensor, resumed.weights[name]) for name, tensor in whole.weights.items())


def test_lambda_grows_to_its_largest_value_and_reading_b_has_that_throughout():
    method = BCDH(Settings(), 16, 0)
    assert method.weight(3) == pytest.approx(0.01 * 1.5**2)
    assert method.weight(100) == 1.0
    assert BCDH(Settings(reading="B"), 16, 0).weight(1) == 1.0
    assert method.margin == pytest.approx(0.85 * 4)


@pytest.mark.parametrize("bits", [16, 64])
def test_the_start_gives_outputs_of_unit_deviation_around_zero(bits):
    _, network, features, _ = start(bits=bits)
    outputs = network(torch.from_numpy(features))
    assert abs(outputs.mean().item()) < 0.1
    torch.testing.assert_close(outputs.std(), torch.tensor(1.0), rtol=0.02, atol=0)


def test_batches_hold_a_query_its_positives_and_negatives_of_other_models():
    method, _, features, known = start(queries_per_epoch=40, positives=2)
    batches = list(method.batches(3, of(features), np.random.default_rng(0)))
    assert len(batches) == 8
    for batch in batches:
        left, right = known.clusters[batch.pairs.ends]
        similar = batch.pairs.similar > 0
        assert (left[similar] == right[similar]).all()
        assert (left[~similar] != right[~similar]).all()
        assert np.asarray(known.overlap[tuple(batch.pairs.ends[:, similar])] > 0).all()
        assert (batch.pairs.similar == 0).sum() == 5 * 5
        assert batch.weight == pytest.approx(0.01 * 1.5**2)


@pytest.mark.parametrize(("remine", "seen"), [(1, 1), (3, 3), (50, 8)])
def test_negatives_are_mined_anew_so_many_times(remine, seen):
    method, _, features, _ = start(queries_per_epoch=40, remine=remine)
    calls = []

    def outputs(rows):
        calls.append(len(calls))
        return features[rows]

    assert len(list(method.batches(1, outputs, np.random.default_rng(0)))) == 8
    assert len(calls) == seen


def test_the_pool_bounds_what_is_encoded():
    method, _, features, known = start(queries_per_epoch=10, pool=5, remine=1)
    asked = []
    list(method.batches(1, lambda rows: asked.append(len(rows)) or features[rows], np.random.default_rng(0)))
    assert len(known.rows) == 48
    assert max(asked) <= 5 + 2 * 10


@pytest.mark.parametrize("reading", ["A", "B", "C"])
def test_reading_b_mines_by_codes_and_the_others_by_outputs(reading):
    method, _, features, known = start(reading=reading, queries_per_epoch=48, negatives=2)
    outputs = features[:, :16] * np.exp(np.arange(16, dtype=np.float32) / 4)  # one bit outweighs the others
    compared = np.where(outputs >= 0, 1, -1).astype(np.float32) if reading == "B" else outputs
    for batch in method.batches(1, of(outputs), np.random.default_rng(0)):
        queries, starts = np.unique(batch.pairs.left, return_index=True)
        mined = hardest_negatives(compared, known, batch.images[queries], 2)
        for start_, expected in zip(starts, mined, strict=True):
            tuple_ = batch.pairs.right[batch.pairs.left == batch.pairs.left[start_]]
            assert batch.images[tuple_[1:]].tolist() == expected.tolist()


@pytest.mark.parametrize("reading", ["A", "B", "C"])
def test_codes_of_a_round_stay_as_they_were_when_mined(reading):
    method, network, features, _ = start(b_refresh="round", reading=reading, queries_per_epoch=10)
    with torch.no_grad():
        outputs = network(torch.from_numpy(features)).numpy()
    for batch in method.batches(1, of(outputs), np.random.default_rng(0)):
        expected = method.codes_of(outputs[batch.pairs.ends], batch.pairs, batch.weight)
        np.testing.assert_array_equal(batch.codes, expected)
        # Other outputs change the distances, not the codes.
        block = torch.from_numpy(-outputs[batch.images])
        pull = 0.5 * (1 if reading == "B" else batch.weight)
        found = method.loss(Identity(), block, batch)["quantisation"].item()
        shares = batch.pairs.shares() if reading == "C" else 1
        gap = (((-outputs[batch.pairs.ends] - expected) ** 2).sum(axis=-1) * shares).sum()
        assert found == pytest.approx(pull * gap / len(batch.pairs.left), rel=1e-5)


@pytest.mark.parametrize("size", [1, 30, 256])
def test_graded_batches_compare_all_photographs_with_their_overlap(size):
    drawn = {"queries_per_epoch": 10, "graded_strangers": 2, "negatives": 3, "graded_batch": size}
    method, _, features, known = start("geometry-graded", **drawn)
    for batch in method.batches(1, of(features), np.random.default_rng(0)):
        assert len(np.unique(batch.images)) == len(batch.images)
        assert np.isin(batch.pairs.images, batch.images).all()
        assert len(batch.images) == max(min(size, len(known.rows)), len(np.unique(batch.pairs.images)))
        outputs = torch.from_numpy(features[batch.images]).double()
        terms = method.loss(Identity(), outputs, batch)
        total = 0.0
        for i, j in itertools.permutations(range(len(batch.images)), 2):
            u, v = outputs[i], outputs[j]
            target = math.sqrt(known.overlap[batch.images[i], batch.images[j]])
            total += (float(u @ v / u.norm() / v.norm()) - target) ** 2
        pairs = len(batch.images) * (len(batch.images) - 1)
        assert terms["similarity"].item() == pytest.approx(total / pairs, rel=1e-5)
        families = known.clusters[batch.images]
        alone = [i for i, row in zip(batch.images, families, strict=True) if (families == row).sum() > 1]
        assert (known.targets(np.array(alone), np.array(alone)) == 0).any()


@pytest.mark.parametrize("source", ["labels", "landmark"])
def test_labels_give_positives_that_share_one(source):
    method, _, features, known = start(source, queries_per_epoch=48)
    known.pairs.drop(known.pairs.index, inplace=True)
    for batch in method.batches(1, of(features), np.random.default_rng(0)):
        left, right = known.clusters[batch.pairs.ends]
        np.testing.assert_array_equal(left == right, batch.pairs.similar > 0)


def test_without_pairs_or_other_models_it_says_what_is_missing():
    features, known = make_scenes(scenes=1)
    method = BCDH(Settings(), 16, 0)
    with pytest.raises(CannotTrain, match=f"{len(known.pairs)} positive pairs in 1 models"):
        method.start(method.network(32, 1), known, features)


@pytest.mark.parametrize("source", ["labels", "landmark"])
def test_a_label_that_all_have_leaves_no_negative(source):
    features, known = make_scenes(source=source)
    everywhere = sparse.hstack([known.labels, np.ones((len(features), 1), dtype=np.int32)], format="csr")
    method = BCDH(Settings(supervision=source), 16, 0)
    with pytest.raises(CannotTrain, match="no photograph that shares nothing with one of them"):
        method.start(method.network(32, 7), replace(known, labels=sparse.csr_array(everywhere)), features)


def test_the_network_from_pixels_is_vgg_16_to_relu5_3_with_gem():
    method = BCDH(Settings(network="paper", weights="random", gem_learned=True), 16, 0)
    network = method.network(0, 0)
    assert isinstance(network, VGGGeM)
    network.side = 32
    convolutions = [layer for layer in network.trunk if isinstance(layer, torch.nn.Conv2d)]
    assert len(convolutions) == 13
    photographs = np.random.default_rng(0).integers(0, 256, (12, 3, 32, 32), dtype=np.uint8)
    _, known = make_scenes(scenes=2, views=6)
    method.start(network, known, photographs)
    pooled = network.features(torch.from_numpy(photographs))
    assert pooled.shape == (12, 512)
    torch.testing.assert_close(pooled.norm(dim=1), torch.ones(12))
    maps = network.trunk(network.trunk.normalise(torch.from_numpy(photographs)))
    assert maps.shape[-1] == 2  # four pools of 32: pool5 is not there
    assert (maps >= 0).all()
    cubes = maps.clamp(min=1e-6).pow(3).mean(dim=(2, 3)).pow(1 / 3)
    torch.testing.assert_close(pooled, cubes / cubes.norm(dim=1, keepdim=True))
    assert network(pooled).std().item() == pytest.approx(1, rel=0.02)
    groups = network.parameter_groups(1.0, 1.0)
    assert [group["lr"] for group in groups] == [1e-6, 1e-4, 1e-5]
    assert sum(len(group["params"]) for group in groups) == len(list(network.parameters()))
    assert method.rate(11) == pytest.approx(math.exp(-1))
    network(network.features(torch.from_numpy(photographs))).square().mean().backward()
    assert network.power.grad is not None


def test_one_model_is_enough_where_targets_are_graded():
    features, known = make_scenes(scenes=1, views=16, source="geometry-graded")
    method = BCDH(Settings(supervision="geometry-graded", graded_strangers=3), 16, 0)
    method.start(method.network(32, 6), known, features)
    batch = next(method.batches(1, of(features), np.random.default_rng(0)))
    targets = known.targets(batch.images, batch.images)
    assert (targets == 0).any()
    assert ((targets > 0) & (targets < 1)).any()
    published = BCDH(Settings(supervision="geometry"), 16, 0)
    with pytest.raises(CannotTrain, match="at least two places"):
        published.start(published.network(32, 6), make_scenes(scenes=1, views=16)[1], features)


def test_the_network_from_pixels_trains_in_the_loop(tmp_path, monkeypatch):
    monkeypatch.setattr(VGGGeM, "side", 32)
    rng = np.random.default_rng(0)
    paths = [tmp_path / f"{number}.png" for number in range(8)]
    for number, path in enumerate(paths):
        picture = rng.integers(0, 60, (40, 50, 3), dtype=np.uint8)
        picture[..., number // 4] += 150
        Image.fromarray(picture).save(path)
    _, known = make_scenes(scenes=2, views=4)
    chosen = {"network": "paper", "weights": "random", "epochs": 1, "queries_per_epoch": 2, "batch_size": 1}
    method = BCDH(Settings(**chosen, negatives=1, remine=1), 8, 0)
    seen = []

    def validate(outputs_of):
        seen.append(outputs_of(np.arange(8)))
        return {"map_expected": float(len(seen))}

    inputs = Inputs(np.zeros((8, 2, 1, 1), dtype=np.float16), paths, tmp_path / "scratch")
    trained = train(method, inputs, known, validate, Common(device="cpu"))
    assert np.isfinite(trained.history.loc[1:, ["contrastive", "quantisation"]]).all(axis=None)
    assert not np.array_equal(seen[0], seen[1])
    network = method.network(0, 0)
    network.load_state_dict(trained.weights)
    pixels = inputs.features(network, torch.device("cpu"))
    again = compute_outputs(network, pixels, np.arange(8), torch.device("cpu"))
    np.testing.assert_allclose(again, seen[1], rtol=1e-4, atol=1e-4)
