"""The checks of the specification of ExchNet (2.10) that concern the method."""

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import sparse

from bitscape.core.errors import CannotTrain
from bitscape.core.params import Params
from bitscape.core.settings.exchnet import ExchNet as Settings
from bitscape.core.settings.networks import Common
from bitscape.hamming.codes import pack
from bitscape.hamming.mean import mean_average_precision
from bitscape.methods.exchnet import ExchNet
from bitscape.networks.diversity import channel_diversity, spatial_diversity
from bitscape.networks.published import resnet_parts
from bitscape.networks.published.resnet_parts import ResNetParts
from bitscape.supervision.discrete_codes import signed_similarity
from bitscape.supervision.supervision import Supervision
from bitscape.training.inputs import Inputs
from bitscape.training.loop import train
from bitscape.training.outputs import compute_outputs
from tests.training.world import make_world

CHANNELS = 6


def _supervision(labels):
    columns = sparse.csr_array(np.asarray(labels, dtype=np.int32))
    n = columns.shape[0]
    return Supervision(np.arange(n), columns, sparse.csr_array((n, n), dtype=np.float32))


def _started(labels, bits=8, **settings):
    """A method that has begun, its network and the maps of its photographs."""
    torch.manual_seed(0)
    method = ExchNet(Settings(**{"width": 5, "channels": CHANNELS, **settings}), bits, 0)
    network = method.network(CHANNELS, np.shape(labels)[1])
    maps = np.random.default_rng(0).standard_normal((len(labels), CHANNELS, 3, 3)).astype(np.float32)
    method.start(network, _supervision(labels), maps)
    return method, network, torch.from_numpy(maps)


def _classes(count, each):
    return np.repeat(np.eye(count, dtype=np.int32), each, axis=0)


def _batches(method, epoch=1, seed=0):
    return list(method.batches(epoch, None, np.random.default_rng(seed)))


def _anchored(method):
    """Let exchanging begin with anchors that are unlike any feature."""
    method.anchors = 5 + np.random.default_rng(1).random((method.supervision.labels.shape[1], 4, 5), dtype=np.float32)


@pytest.mark.parametrize(("bits", "classes", "value"), [(12, 150, 0.966), (48, 150, 3.866), (12, 10, 16.0)])
def test_outputs_of_zero_cost_what_the_share_of_similar_pairs_says(bits, classes, value):
    method, network, maps = _started(_classes(classes, 2), bits)
    torch.nn.init.zeros_(network.hash.weight)
    torch.nn.init.zeros_(network.hash.bias)
    batches = _batches(method)
    losses = [method.loss(network, maps[b.images], b)["similarity"].item() * len(b.images) for b in batches]
    assert sum(losses) / (2 * classes) == pytest.approx(value, abs=5e-4)
    assert value == pytest.approx(12 * bits / (classes - 1), abs=5e-4)


@pytest.mark.parametrize("balanced", [True, False])
def test_the_loss_is_the_formula_pair_by_pair(balanced):
    labels = _classes(3, 4)[[0, 1, 2, 4, 5, 8, 9, 10, 11]]
    settings = {"samples": 7, "batch_size": 4, "balanced": balanced, "quantisation": 50.0, "spatial": 0.3, "channel": 2}
    method, network, maps = _started(labels, **settings)
    network.eval()
    of_each = labels.argmax(axis=1)
    for batch in _batches(method):
        terms = method.loss(network, maps[batch.images], batch)
        u, V, sample = network(maps[batch.images]).detach().numpy(), method.learned.V, method.learned.sample
        same = of_each[sample][:, None] == of_each
        positive, negative = same.sum(), (~same).sum()
        total = own = 0.0
        for row, image in enumerate(batch.images):
            own += ((u[row] - V[image]) ** 2).sum()
            for j in range(9):
                s = 1.0 if of_each[image] == of_each[j] else (-positive / negative if balanced else -1.0)
                total += (u[row] @ V[j] - 8 * s) ** 2
        pairs = len(batch.images) * 9
        assert terms["similarity"].item() == pytest.approx(12 / 8 * total / pairs, rel=1e-5)
        assert terms["quantisation"].item() == pytest.approx(12 / 8 * 50 * own / pairs, rel=1e-5)
        found = network.represent(maps[batch.images])
        assert terms["spatial"].item() == pytest.approx(0.3 * spatial_diversity(found.refined).mean().item())
        assert terms["channel"].item() == pytest.approx(2 * channel_diversity(found.local, 0.4).mean().item())
        np.testing.assert_array_equal(method.learned.U[batch.places], u)


def test_the_gradient_of_the_outputs_is_the_formula():
    method, network, maps = _started(_classes(3, 3))
    batch = _batches(method)[0]
    u = torch.tanh(torch.randn(len(batch.images), 8, dtype=torch.float64)).requires_grad_()
    network.code = lambda local, whole: u
    method.loss(network.eval(), maps[batch.images], batch)["similarity"].backward()
    V, S = torch.from_numpy(method.learned.V).double(), batch.similarity.double()
    expected = 2 * (u @ V.T - 8 * S) @ V * 12 / 8 / S.numel()
    torch.testing.assert_close(u.grad, expected.detach())


def test_terms_can_be_switched_off():
    method, network, maps = _started(_classes(3, 3), spatial=0, channel=0)
    batch = _batches(method)[0]
    assert set(method.loss(network, maps[batch.images], batch)) == {"similarity"}


def _u_of(method, network, maps, batch):
    method.loss(network, maps[batch.images], batch)
    return method.learned.U[batch.places].copy()


def test_features_are_exchanged_in_training_alone():
    method, network, maps = _started(_classes(3, 4))
    network.train()
    batch = _batches(method)[0]
    plain = _u_of(method, network, maps, batch)
    np.testing.assert_array_equal(plain, _u_of(method, network, maps, batch))
    _anchored(method)
    assert not np.array_equal(plain, _u_of(method, network, maps, batch))
    network.eval()
    own = network(maps[batch.images]).detach().numpy()
    np.testing.assert_array_equal(own, _u_of(method, network, maps, batch))


def test_the_mask_is_drawn_anew_for_each_photograph_and_part_and_never_for_the_whole():
    method, network, maps = _started(_classes(3, 40), batch_size=120)
    _anchored(method)
    seen = []
    code = network.code
    network.code = lambda local, whole: seen.append((local.detach(), whole.detach())) or code(local, whole)
    batch = _batches(method)[0]
    for _ in range(30):
        method.loss(network.train(), maps[batch.images], batch)
    anchors = torch.from_numpy(method.anchors)[
        torch.from_numpy(method.supervision.distributions(batch.images)).argmax(dim=1)
    ]
    masks = torch.stack([(local == anchors).all(dim=2) for local, _ in seen]).double()
    assert masks.mean().item() == pytest.approx(0.5, abs=0.02)
    of_parts = masks.flatten(0, 1)
    correlations = torch.corrcoef(of_parts.T) - torch.eye(4, dtype=torch.float64)
    assert correlations.abs().max() < 0.08
    assert not torch.equal(masks[0], masks[1])
    whole = network.represent(maps[batch.images]).whole
    for _, given in seen:
        torch.testing.assert_close(given, whole)


def test_where_features_are_their_anchors_the_mask_does_not_matter():
    labels = np.eye(6, dtype=np.int32)[[0, 1, 2, 3, 4, 5]]
    method, network, maps = _started(labels, alignment=1.0)
    network.eval()
    method.anchors = network.represent(maps).local.detach().numpy()  # each class has one photograph
    batch = _batches(method)[0]
    plain = network(maps[batch.images]).detach().numpy()
    network.training = True  # batch norms stay as they are
    np.testing.assert_allclose(_u_of(method, network, maps, batch), plain, atol=1e-6)
    assert method.loss(network, maps[batch.images], batch)["alignment"].item() == pytest.approx(0, abs=1e-5)


def test_alignment_is_the_length_of_what_was_kept_less_its_anchor():
    method, network, maps = _started(_classes(3, 4), alignment=2.0, exchanged=1e-12)
    _anchored(method)
    batch = _batches(method)[0]
    term = method.loss(network.train(), maps[batch.images], batch)["alignment"].item()
    local = network.represent(maps[batch.images]).local.detach().numpy()
    gaps = local - method.anchors[method.supervision.distributions(batch.images).argmax(axis=1)]
    assert term == pytest.approx(2 * np.sqrt((gaps**2).sum()) / 12, rel=1e-5)


def test_several_labels_give_the_mean_of_their_anchors():
    method, network, maps = _started(np.array([[1, 1, 0], [0, 1, 0], [0, 0, 1]]), exchanged=1.0)
    _anchored(method)
    seen = []
    code = network.code
    network.code = lambda local, whole: seen.append(local.detach().numpy()) or code(local, whole)
    batch = _batches(method)[0]
    method.loss(network.train(), maps[batch.images], batch)
    a = method.anchors
    expected = np.stack([(a[0] + a[1]) / 2, a[1], a[2]])[batch.images]
    np.testing.assert_allclose(seen[0], expected, rtol=1e-5)


def _epochs(method, network, maps, count):
    """Go through epochs without steps of an optimiser; give which of them exchanged."""
    exchanged = []
    outputs = lambda: network.eval()(maps).detach().numpy()  # noqa: E731
    for epoch in range(1, count + 1):
        for batch in _batches(method, epoch, seed=epoch):
            method.loss(network.train(), maps[batch.images], batch)
        exchanged.append(method.anchors is not None)
        method.end_epoch(epoch, outputs)
    return exchanged


@pytest.mark.parametrize(
    ("settings", "first"),
    [({"exchange_after": 0.5}, 5), ({"exchange_after": 0.0}, 3), ({"exchange": False}, None), ({"parts": 0}, None)],
)
def test_exchanging_begins_with_its_round_and_never_before_there_are_anchors(settings, first):
    method, network, maps = _started(_classes(3, 3), rounds=4, epochs=2, **settings)
    expected = [first is not None and epoch >= first for epoch in range(1, 9)]
    assert _epochs(method, network, maps, 8) == expected


def test_the_rate_falls_after_35_of_40_rounds():
    method = ExchNet(Settings(rounds=40, epochs=30), 8, 0)
    assert method.epochs == 1200
    assert method.rate(35 * 30) == 1
    assert method.rate(35 * 30 + 1) == pytest.approx(0.1)


def test_a_round_keeps_its_sample_and_the_next_draws_another():
    method, _, _ = _started(_classes(4, 20), samples=30, epochs=2, batch_size=8)
    samples = []
    for epoch in (1, 2, 3):
        batches = _batches(method, epoch, seed=epoch)
        assert [len(batch.images) for batch in batches] == [8, 8, 7, 7]
        samples.append(np.sort(np.concatenate([batch.images for batch in batches])))
        assert len(np.unique(samples[-1])) == 30
    np.testing.assert_array_equal(samples[0], samples[1])
    assert not np.array_equal(samples[1], samples[2])


def test_photographs_without_label_are_not_trained_on_but_get_a_code():
    labels = _classes(3, 4)
    labels[[1, 6]] = 0
    method, network, maps = _started(labels, rounds=2, epochs=1)
    assert method.codes() is None
    _epochs(method, network, maps, 1)
    assert not {1, 6} & set(method.learned.labelled[method.learned.sample])
    codes = method.codes()
    assert codes.shape == (12, 8)
    assert codes.dtype == np.int8
    signs = np.where(network.eval()(maps).detach().numpy() >= 0, 1, -1)
    np.testing.assert_array_equal(codes[[1, 6]], signs[[1, 6]])
    np.testing.assert_array_equal(np.delete(codes, [1, 6], axis=0), method.learned.V)


def test_the_state_is_complete():
    runs = [_started(_classes(3, 4), rounds=4, epochs=2, exchange_after=0.25) for _ in range(2)]
    (one, network, maps), (other, again, _) = runs
    _epochs(one, network, maps, 5)
    other.restore({name: array.copy() for name, array in one.state().items()})
    again.load_state_dict(network.state_dict())
    for method, of_it in ((one, network), (other, again)):
        torch.manual_seed(3)
        for batch in _batches(method, 6, seed=6):
            method.loss(of_it.train(), maps[batch.images], batch)
        method.end_epoch(6, lambda of_it=of_it: of_it.eval()(maps).detach().numpy())
    assert one.state().keys() == {"V", "U", "sample", "share", "anchors"}
    for name, array in one.state().items():
        np.testing.assert_array_equal(array, other.state()[name])
    np.testing.assert_array_equal(one.codes(), other.codes())


def test_one_class_is_refused():
    with pytest.raises(CannotTrain, match="exchnet learns to tell at least 2 classes apart"):
        _started(_classes(1, 4))


def test_a_label_that_all_have_leaves_nothing_dissimilar():
    with pytest.raises(CannotTrain, match=r"exchnet learns to tell unlike photographs apart, .* all share a label"):
        _started(np.column_stack([np.ones(4), np.eye(2)[[0, 0, 1, 1]]]))


def test_the_published_network_has_the_optimiser_of_2023():
    method = ExchNet(Settings(network="paper"), 8, 0)
    group = method.optimiser([{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": 1e-4}]).param_groups[0]
    assert (group["lr"], group["momentum"], group["weight_decay"]) == (1e-4, 0.9, 1e-4)


@pytest.mark.parametrize("settings", [{}, {"parts": 0}, {"exchange": False, "spatial": 0, "channel": 0}])
def test_four_classes_of_twenty_are_perfect_within_ten_rounds(settings):
    world = make_world(places=4, views=22)  # two views of each are left out of training
    known = world.supervision
    classes = known.clusters
    relevance = sparse.csr_array((classes[:, None] == classes).astype(np.int32))

    def training_map(outputs_of):
        codes = pack(outputs_of(known.rows))
        return {"map_expected": mean_average_precision(codes, codes, relevance)}

    params = Params.model_validate({"train": {"methods": {"exchnet": settings}}})
    method = ExchNet(params.train.methods.exchnet, 8, 0)
    trained = train(method, Inputs(world.maps), known, training_map)
    assert len(known.rows) == 80
    assert trained.history["map_expected"].iloc[-1] == pytest.approx(1)
    for label in range(4):
        assert len(np.unique(method.codes()[classes == label], axis=0)) == 1
    assert len(np.unique(method.codes(), axis=0)) == 4


def test_it_learns_from_graded_overlap():
    world = make_world()
    graded = Supervision(**{**vars(world.supervision), "source": "geometry-graded"})
    method = ExchNet(Settings(rounds=3), 16, 0)
    trained = train(method, Inputs(world.maps), graded, world.score)
    similarity = trained.history["similarity"].dropna()
    assert similarity.iloc[-1] < similarity.iloc[0]
    assert trained.history["map_expected"].iloc[-1] > trained.history["map_expected"].iloc[0] + 0.2


def test_one_model_is_enough_where_targets_are_graded():
    world = make_world()
    count = len(world.supervision.rows)
    one = sparse.csr_array(np.ones((count, 1), np.int32))
    graded = Supervision(**{**vars(world.supervision), "labels": one, "source": "geometry-graded"})
    trained = train(ExchNet(Settings(rounds=2), 16, 0), Inputs(world.maps), graded, world.score)
    similarity = trained.history["similarity"].dropna()
    assert similarity.iloc[-1] < similarity.iloc[0]
    with pytest.raises(CannotTrain, match="at least 2 classes"):
        train(ExchNet(Settings(), 16, 0), Inputs(world.maps), _supervision(np.ones((count, 1))), world.score)


def test_perfect_codes_have_a_map_of_1_and_random_ones_of_about_the_prior():
    classes, each, bits = 5, 120, 16
    of_each = np.repeat(np.arange(classes), each)
    same = sparse.csr_array((of_each[:, None] == of_each).astype(np.int32))
    rng = np.random.default_rng(0)
    perfect = pack(np.where((np.arange(classes)[:, None] >> np.arange(8)) & 1, 1, -1)[of_each])
    assert mean_average_precision(perfect, perfect, same) == 1
    queries, items = (pack(rng.choice([-1, 1], (len(of_each), bits))) for _ in range(2))
    found = mean_average_precision(queries, items, same)
    assert 1 / classes < found < 1 / classes + 0.02  # slightly above for finite lists


@pytest.mark.parametrize(("classes", "each"), [(2, 3), (3, 2), (5, 4)])
def test_only_two_classes_can_have_opposite_codes_and_the_balanced_target_is_the_simplex(classes, each):
    """Target geometry: a loss of zero with the hard S needs opposite codes of every two classes."""
    targets = np.kron(np.eye(classes), np.ones((each, each)))
    hard, balanced = (signed_similarity(targets, targets.mean(), wanted) for wanted in (False, True))
    # What inner products of vectors can be is a matrix without a negative eigenvalue.
    assert (np.linalg.eigvalsh(hard).min() < -1e-9) == (classes > 2)
    assert np.linalg.eigvalsh(balanced).min() > -1e-9
    positive = targets > 0
    np.testing.assert_allclose(balanced[~positive], -positive.sum() / (~positive).sum())
    assert positive.sum() / (~positive).sum() == pytest.approx(1 / (classes - 1))


def test_the_published_network_trains_from_pixels(tmp_path, monkeypatch):
    monkeypatch.setattr(resnet_parts, "NAME", "resnet26")  # two blocks of each stage's widths in place of 3, 4, 6, 3
    monkeypatch.setattr(resnet_parts, "CROP", 32)
    monkeypatch.setattr(ResNetParts, "side", 40)
    rng = np.random.default_rng(0)
    paths = [tmp_path / f"{number}.png" for number in range(4)]
    for number, path in enumerate(paths):
        shade = np.full((40, 60, 3), 40 + 160 * (number % 2))
        Image.fromarray(np.clip(shade + rng.integers(-30, 30, shade.shape), 0, 255).astype(np.uint8)).save(path)
    settings = Settings(network="paper", weights="random", rounds=2, epochs=1, batch_size=2, exchange_after=0.5)
    method = ExchNet(settings, 8, 0)
    seen = []

    def validate(outputs_of):
        seen.append(outputs_of(np.arange(4)))
        return {"map_expected": float(len(seen))}

    inputs = Inputs(np.zeros((4, 2, 1, 1), dtype=np.float16), paths, tmp_path / "scratch")
    trained = train(method, inputs, _supervision(np.eye(2)[[0, 1, 0, 1]]), validate, Common(device="cpu"))
    assert np.isfinite(trained.history.loc[1:, ["similarity", "spatial", "channel"]]).all(axis=None)
    assert method.anchors.shape == (2, 4, 2048)
    assert not np.array_equal(seen[0], seen[1])
    assert set(np.unique(method.codes())) <= {-1, 1}
    network = method.network(2, 2)
    network.load_state_dict(trained.weights)
    pixels = inputs.features(network, torch.device("cpu"))
    assert pixels.shape == (4, 3, 40, 40)
    again = compute_outputs(network, pixels, np.arange(4), torch.device("cpu"))
    np.testing.assert_allclose(again, seen[2], rtol=1e-4, atol=1e-5)
