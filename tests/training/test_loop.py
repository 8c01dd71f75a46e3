import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

from bitscape.core.errors import BitscapeError, CannotTrain
from bitscape.core.params import Params
from bitscape.methods.base.closed_form import ClosedForm
from bitscape.methods.base.learned import Supervision
from bitscape.methods.base.registry import REGISTRY, create
from bitscape.retrieval.codes import pack
from bitscape.retrieval.evaluation import mean_average_precision
from bitscape.supervision.neighbourhood import neighbourhood_similarity
from bitscape.training.loop import train
from bitscape.training.outputs import compute_outputs, fixed_features

CPU = torch.device("cpu")
PLACES, VIEWS, CHANNELS = 20, 8, 64


@pytest.fixture(scope="module")
def world():
    """Twenty places; every photograph shows its place's channels and much that changes from view to view."""
    rng = np.random.default_rng(0)
    models = np.repeat(np.arange(PLACES), VIEWS).astype(np.int32)
    base = np.abs(rng.standard_normal((PLACES, CHANNELS, 1, 1)))[models]
    clutter = 2.5 * np.abs(rng.standard_normal((len(models), CHANNELS // 2, 2, 2)))
    maps = np.concatenate([base[:, : CHANNELS // 2].repeat(2, 2).repeat(2, 3), clutter], axis=1).astype(np.float16)
    rows = np.flatnonzero(np.arange(len(models)) % VIEWS >= 2)
    queries = np.flatnonzero(np.arange(len(models)) % VIEWS < 2)
    of_rows = models[rows]
    same = [(i, j) for i in range(len(rows)) for j in range(len(rows)) if i != j and of_rows[i] == of_rows[j]]
    pooled = maps.astype(np.float32).mean(axis=(2, 3))[rows]
    supervision = Supervision(
        rows, of_rows, pd.DataFrame(same, columns=["query", "positive"]), neighbourhood_similarity(pooled, 5, 5)
    )
    relevance = sparse.csr_array((models[queries][:, None] == of_rows[None]).astype(np.int32))
    return maps, supervision, queries, relevance


def _score(world, outputs_of):
    _, supervision, queries, relevance = world
    return mean_average_precision(pack(outputs_of(queries)), pack(outputs_of(supervision.rows)), relevance)


def _train(world, name, bits=16, params=None):
    method = create(name, bits, params or Params())
    return method, train(method, world[0], world[1], lambda outputs_of: _score(world, outputs_of), CPU)


LEARNED = [name for name in REGISTRY if not issubclass(type(create(name, 16, Params())), ClosedForm)]


@pytest.mark.parametrize("name", LEARNED)
def test_t15_every_method_beats_random_hyperplanes_on_a_toy_world(world, name):
    method, trained = _train(world, name)
    descriptors = fixed_features(method, world[0], CPU)
    lsh = create("lsh", 16, Params())
    weights = lsh.fit(descriptors[world[1].rows])
    chance = _score(world, lambda rows: lsh.outputs(weights, descriptors[rows]))
    assert trained.history["map_expected"].max() > chance + 0.05


@pytest.mark.parametrize("name", LEARNED)
def test_the_chosen_weights_give_the_best_epochs_score(world, name):
    method, trained = _train(world, name)
    scores = trained.history["map_expected"]
    assert trained.epoch == scores.idxmax()
    features = fixed_features(method, world[0], CPU)
    network = method.network(features.shape[1])
    network.load_state_dict(trained.weights)
    again = _score(world, lambda rows: compute_outputs(network, features, rows, CPU))
    assert again == pytest.approx(scores.max())


@pytest.mark.parametrize("name", LEARNED)
def test_the_same_seed_gives_the_same_bytes_and_another_one_does_not(world, name):
    short = Params.model_validate({"train": {"methods": {"bcdh": {"epochs": 2}, "dsah": {"epochs": 1, "rounds": 2}}}})
    runs = [_train(world, name, params=short.model_copy(update={"seed": seed}))[1] for seed in (0, 0, 1)]
    for key, tensor in runs[0].weights.items():
        assert torch.equal(tensor, runs[1].weights[key])
    assert runs[0].history.equals(runs[1].history)
    assert not runs[0].history.equals(runs[2].history)


def test_where_nothing_can_be_validated_the_last_epoch_is_kept(world):
    method = create("dsah", 16, Params())
    trained = train(method, world[0], world[1], lambda _: float("nan"), CPU)
    assert trained.epoch == method.epochs


def test_a_term_that_is_not_finite_is_told_by_name_and_epoch(world):
    wild = Params.model_validate({"train": {"methods": {"bcdh": {"learning_rate": 1e30}}}})
    with pytest.raises(BitscapeError, match=r"the (contrastive|quantisation) term of BCDH became (inf|nan) in epoch 1"):
        _train(world, "bcdh", params=wild)


def test_a_method_without_its_supervision_says_so(world):
    maps, supervision, *_ = world
    bare = Supervision(supervision.rows, supervision.models * 0 - 1, supervision.pairs[:0], supervision.similarity)
    with pytest.raises(CannotTrain, match="there are 0 positive pairs in 0 models"):
        train(create("bcdh", 16, Params()), maps, bare, lambda _: 0.0, CPU)
