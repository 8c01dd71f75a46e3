import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import sparse

from bitscape.core.errors import BitscapeError, CannotTrain
from bitscape.core.params import Params
from bitscape.methods.base.closed_form import ClosedForm
from bitscape.methods.base.registry import REGISTRY, create
from bitscape.supervision.supervision import Supervision
from bitscape.training import loop, outputs
from bitscape.training.build import build
from bitscape.training.checkpoint import Checkpoint
from bitscape.training.inputs import Inputs
from bitscape.training.loop import train
from bitscape.training.outputs import compute_outputs
from tests.training.world import CHANNELS, make_world

CPU = torch.device("cpu")
LEARNED = [name for name in REGISTRY if not isinstance(create(name, 16, Params()), ClosedForm)]


@pytest.fixture(scope="module")
def world():
    return make_world()


def short(**common):
    """Parameters of trainings that end after a few epochs."""
    rounds = {name: {"rounds": 3, "epochs": 1} for name in ("dsah", "exchnet")}
    methods = {name: {"epochs": 3} for name in LEARNED} | rounds
    return Params.model_validate({"train": {"common": common, "methods": methods}})


def equal(one, other):
    assert one.weights.keys() == other.weights.keys()
    same = all(torch.equal(tensor, other.weights[name]) for name, tensor in one.weights.items())
    return same and one.history.equals(other.history) and one.epoch == other.epoch


@pytest.mark.parametrize("name", LEARNED)
def test_t15_every_method_beats_random_hyperplanes_on_a_toy_world(world, name):
    fewer = {"dsrh": {"epochs": 5}, "ath": {"epochs": 8}, "exchnet": {"rounds": 5}}  # enough for them, and sooner
    _, trained = world.train(name, params=Params.model_validate({"train": {"methods": fewer}}))
    pooled = world.maps.astype(np.float32).mean(axis=(2, 3))
    lsh = create("lsh", 16, Params())
    weights = lsh.fit(pooled[world.supervision.rows])
    chance = world.score(lambda rows: lsh.outputs(weights, pooled[rows]))["map_expected"]
    assert trained.history["map_expected"].max() > chance + 0.05


@pytest.mark.parametrize("name", LEARNED)
def test_the_chosen_weights_give_the_best_epochs_score(world, name):
    method, trained = world.train(name, params=short())
    scores = trained.history["map_expected"]
    assert trained.epoch == scores[scores == scores.max()].index[-1]
    network = build(method, CHANNELS, world.supervision.labels.shape[1], None)
    network.load_state_dict(trained.weights)
    features = Inputs(world.maps).features(network, CPU)
    again = world.score(lambda rows: compute_outputs(network, features, rows, CPU))["map_expected"]
    assert again == pytest.approx(scores.max())


@pytest.mark.parametrize("name", LEARNED)
def test_the_same_seed_gives_the_same_bytes_and_another_one_does_not(world, name):
    runs = [world.train(name, params=short().model_copy(update={"seed": seed}))[1] for seed in (0, 0, 1)]
    assert equal(runs[0], runs[1])
    assert not runs[0].history.equals(runs[2].history)


class Stop(Exception):
    """The machine stops here."""


@pytest.mark.parametrize("name", LEARNED)
@pytest.mark.parametrize("share", [0.0, 0.4, 0.99])
def test_a_run_that_was_stopped_at_any_batch_ends_in_the_same_bytes(world, name, share, tmp_path, monkeypatch):
    kind = type(create(name, 16, Params()))
    loss, steps, last = kind.loss, 0, -1

    def counted(self, *rest):
        nonlocal steps
        steps += 1
        if steps == last:
            raise Stop
        return loss(self, *rest)

    monkeypatch.setattr(kind, "loss", counted)
    _, whole = world.train(name, params=short())
    last, steps = 1 + int(share * steps), 0
    checkpoint = Checkpoint(tmp_path / "state.pt")
    with pytest.raises(Stop):
        world.train(name, params=short(), checkpoint=checkpoint)
    torch.manual_seed(99)  # the next process has other random numbers
    _, resumed = world.train(name, params=short(), checkpoint=checkpoint)
    assert equal(whole, resumed)
    assert not (tmp_path / "state.pt").exists()


def test_a_damaged_checkpoint_costs_the_start_and_no_more(world, tmp_path):
    path = tmp_path / "state.pt"
    path.write_bytes(b"rubbish")
    _, whole = world.train("dsah", params=short())
    _, again = world.train("dsah", params=short(), checkpoint=Checkpoint(path))
    assert equal(whole, again)


def test_patience_ends_a_training_that_no_longer_gets_better(world):
    params = short(patience=1)
    method = create("dsah", 16, params)
    falling = iter(np.linspace(1, 0, 50))
    trained = train(
        method, Inputs(world.maps), world.supervision, lambda _: {"map_expected": next(falling)}, params.train.common
    )
    assert len(trained.history) == 2
    assert trained.epoch == 0


@pytest.mark.parametrize(
    ("scores", "patience", "epoch", "epochs"),
    [
        ([1, 1, 1, 1, 1], 0, 4, 4),  # nothing is told apart: the last has learned most
        ([0.2, 0.7, 0.3, 0.7, 0.5], 0, 3, 4),
        ([0.2, 0.7, 0.7, 0.7, 0.9], 2, 3, 3),  # equal ones are no better
        ([np.nan] * 5, 1, 4, 4),
    ],
)
def test_of_equal_epochs_the_last_is_chosen(world, scores, patience, epoch, epochs):
    params, told = short(patience=patience), iter(scores)
    method = create("dsah", 16, params)
    method.settings = method.settings.model_copy(update={"rounds": 1, "epochs": 4})
    trained = train(
        method, Inputs(world.maps), world.supervision, lambda _: {"map_expected": next(told)}, params.train.common
    )
    assert (trained.epoch, len(trained.history) - 1) == (epoch, epochs)


@pytest.mark.parametrize("name", ["exchnet", "rvssdh"])
def test_a_method_starts_without_an_array_of_photographs_by_labels(name):
    n, classes = 4000, 2000
    labels = sparse.csr_array((np.ones(n, np.int32), (np.arange(n), np.arange(n) % classes)), shape=(n, classes))
    known = Supervision(np.arange(n), labels, sparse.csr_array((n, n), dtype=np.float32), source="labels")
    method, inputs = create(name, 8, Params()), Inputs(np.random.default_rng(0).random((n, 4, 1, 1), np.float32))
    network = method.network(4, classes)
    inputs.fit(network, known.rows, np.random.default_rng(0))
    features = inputs.features(network, CPU)
    tracemalloc.start()
    method.start(network, known, features)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < n * classes * 4


def test_where_nothing_can_be_validated_the_last_epoch_is_kept(world):
    method = create("dsah", 16, short())
    trained = train(method, Inputs(world.maps), world.supervision, lambda _: {"map_expected": float("nan")})
    assert trained.epoch == method.epochs


def test_an_epoch_without_a_batch_is_no_training(world, monkeypatch):
    monkeypatch.setattr(type(create("dsrh", 16, Params())), "batches", lambda *_: iter(()))
    with pytest.raises(CannotTrain, match="DSRH drew nothing to learn from in epoch 1"):
        world.train("dsrh", params=short())
    told = str(loop._no_step("BCDH", 2, 4))
    assert told == "BCDH has fewer batches in epoch 2 than train.common.devices, 4; set it to 1."


def test_bfloat16_trains_too(world):
    _, trained = world.train("dsah", params=short(precision="bf16-mixed"))
    assert np.isfinite(trained.history["similarity"][1:]).all()


def test_a_term_that_is_not_finite_is_told_by_name_and_epoch(world):
    wild = Params.model_validate({"train": {"methods": {"dsah": {"learning_rate": 1e30}}}})
    with pytest.raises(BitscapeError, match=r"the (similarity|quantisation) term of DSAH became (inf|nan) in epoch 1"):
        world.train("dsah", params=wild)


def test_outputs_that_the_last_step_of_an_epoch_ruins_are_told(world):
    params = {"learning_rate": 1e30, "batch_size": len(world.supervision.rows), "rounds": 1, "epochs": 1}
    wild = Params.model_validate({"train": {"methods": {"dsah": params}}})
    with pytest.raises(
        BitscapeError, match="the outputs of DSAH became NaN or infinite in epoch 1; lower its learning"
    ):
        world.train("dsah", params=wild)


@pytest.mark.parametrize("name", LEARNED)
@pytest.mark.parametrize("network", ["shared", "paper"])
def test_a_learning_rate_that_is_ignored_is_no_remedy(name, network):
    method = create(name, 16, Params.model_validate({"train": {"methods": {name: {"network": network}}}}))
    ignored = network == "paper" and name != "ath"
    assert ("lower its learning_rate" in method.remedy) != ignored
    assert ("lower the weights of its loss" in method.remedy) == ignored


def test_a_method_without_its_supervision_says_so(world):
    known = world.supervision
    bare = replace(known, labels=sparse.csr_array((len(known.rows), 0), dtype=np.int32), pairs=known.pairs[:0])
    with pytest.raises(CannotTrain, match="there are 0 positive pairs in 0 models"):
        train(create("bcdh", 16, Params()), Inputs(world.maps), bare, lambda _: {"map_expected": 0.0})


@pytest.mark.parametrize(("side", "asked", "most"), [(0, 256, 70), (8, 256, 32), (8, 5, 5)])
def test_no_more_than_32_photographs_are_encoded_at_once_from_pixels(side, asked, most):
    sizes = []
    network = torch.nn.Flatten()
    network.features, network.side = lambda block: sizes.append(len(block)) or block, side
    inputs = np.random.default_rng(0).random((70, 3)).astype(np.float32)
    np.testing.assert_array_equal(compute_outputs(network, inputs, np.arange(70), CPU, asked), inputs)
    assert max(sizes) == most


def test_outputs_are_computed_once_until_they_are_forgotten(monkeypatch):
    network, inputs = torch.nn.Linear(3, 4), np.random.default_rng(0).normal(size=(10, 3)).astype(np.float32)
    network.features, network.side = torch.nn.Identity(), 0
    asked = []
    compute = outputs.compute_outputs
    monkeypatch.setattr(outputs, "compute_outputs", lambda *args: asked.append(args[2].tolist()) or compute(*args))
    known = outputs.Outputs(network, inputs, CPU)
    assert len(known(np.empty(0, np.int64))) == 0
    first = known(np.array([7, 2, 7]))
    assert np.array_equal(first[0], first[2])
    np.testing.assert_allclose(known(np.arange(10)), network(torch.from_numpy(inputs)).detach().numpy(), rtol=1e-5)
    assert asked == [[2, 7], [0, 1, 3, 4, 5, 6, 8, 9]]
    with torch.no_grad():
        network.weight.zero_()
    known.forget()
    np.testing.assert_allclose(known(np.array([7])), network.bias.detach().numpy()[None], rtol=1e-6)
