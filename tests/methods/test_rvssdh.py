"""The checks of the specification of RV-SSDH and its baselines (B.9)."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import sparse

from bitscape.core.errors import CannotTrain
from bitscape.core.params import Params
from bitscape.core.settings.rvssdh import RVSSDH as Settings
from bitscape.hamming.codes import pack
from bitscape.hamming.mean import mean_average_precision
from bitscape.methods.rvssdh import RVSSDH, Block, balance, quantisation
from bitscape.networks.backbones import Backbone
from bitscape.networks.latent import VGG, LatentHead, local_descriptors, relu_layers
from bitscape.networks.published import vgg16, vgg_latent
from bitscape.networks.published.vgg_latent import VGGLatent
from bitscape.networks.vlad import VLAD
from bitscape.supervision.supervision import Supervision
from bitscape.training.inputs import Inputs
from bitscape.training.loop import train
from bitscape.training.outputs import compute_outputs

CLASSES, EACH, CHANNELS = 8, 12, 16
ROWS = np.arange(CLASSES * EACH)
OF_ROWS = ROWS % CLASSES


def _maps(noise=0.3, seed=0):
    """Classes that differ in their channels: (96, 16, 3, 3)."""
    rng = np.random.default_rng(seed)
    places = rng.random((CLASSES, CHANNELS, 3, 3)) * 2
    return (places[OF_ROWS] + noise * rng.standard_normal((len(ROWS), CHANNELS, 3, 3))).astype(np.float16)


def _supervision(labels=None):
    labels = np.eye(CLASSES, dtype=np.int32)[OF_ROWS] if labels is None else labels
    return Supervision(ROWS, sparse.csr_array(labels), sparse.csr_array((len(ROWS), len(ROWS)), dtype=np.float32))


def _score(outputs_of):
    codes = pack(outputs_of(ROWS))
    same = sparse.csr_array((OF_ROWS[:, None] == OF_ROWS).astype(np.int32))
    return {"map_expected": mean_average_precision(codes, codes, same)}


def _train(bits=8, seed=0, **settings):
    method = RVSSDH(Settings(**{"batch_size": 16, "clusters": 4, "width": 32} | settings), bits, seed)
    trained = train(method, Inputs(_maps()), _supervision(), _score)
    network = method.network(CHANNELS, CLASSES)
    network.load_state_dict(trained.weights)
    return method, trained, network


def _started(seed=0, bits=8, **settings):
    """A method and its network before any step, and the features."""
    torch.manual_seed(seed)
    method = RVSSDH(Settings(**{"clusters": 4, "width": 32} | settings), bits, seed)
    network = method.network(CHANNELS, CLASSES)
    inputs = Inputs(_maps())
    inputs.fit(network, ROWS, np.random.default_rng(0))
    features = inputs.features(network, torch.device("cpu"))
    method.start(network, _supervision(), features)
    return method, network, torch.from_numpy(features)


def _shares(method, count):
    """Distributions of the labels of the first photographs."""
    return torch.from_numpy(method.supervision.distributions(np.arange(count)))


def _steps(method, network, features, count):
    groups = network.parameter_groups(method.settings.learning_rate, 0.01)
    optimiser = method.optimiser(groups)
    generator = np.random.default_rng(0)
    for epoch in range(1, count + 1):
        batch = next(iter(method.batches(epoch, None, generator)))
        optimiser.zero_grad()
        sum(method.loss(network.train(), features[batch.images], batch).values()).backward()
        optimiser.step()


@given(st.integers(0, 1000), st.integers(1, 40))
def test_terms_on_the_bits_lie_in_their_ranges(seed, bits):
    relaxed = torch.rand(5, bits, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    assert -0.125 < quantisation(relaxed, "q1") <= 0
    assert 0 <= quantisation(relaxed, "q2") <= 0.25
    assert 0 <= balance(relaxed) <= 0.125
    assert quantisation(relaxed.round(), "q1") == -0.125
    assert quantisation(relaxed.round(), "q2") == 0
    assert balance(relaxed.round()) == pytest.approx(
        0.5 * np.mean([(row.sum() / bits - 0.5) ** 2 for row in relaxed.round().numpy()])
    )


def test_balance_is_zero_if_and_only_if_each_image_has_half_its_mass_on():
    halves = torch.tensor([[1.0, 0, 1, 0], [0.2, 0.8, 0.5, 0.5]], dtype=torch.float64)
    assert balance(halves) == 0
    of_all = torch.tensor([[1.0, 1, 1, 1], [0, 0, 0, 0]], dtype=torch.float64)
    assert balance(of_all) == 0.125  # per image across bits, not per bit across images


def test_gradients_of_b2():
    relaxed = torch.rand(6, 10, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    (first,) = torch.autograd.grad(quantisation(relaxed, "q1"), relaxed)
    torch.testing.assert_close(first, -(relaxed - 0.5).detach() / 60)
    (third,) = torch.autograd.grad(balance(relaxed), relaxed)
    expected = (relaxed.mean(dim=1, keepdim=True) - 0.5).detach() / 60
    torch.testing.assert_close(third, expected.expand(-1, 10))
    assert torch.autograd.gradcheck(lambda h: quantisation(h, "q1"), relaxed)
    assert torch.autograd.gradcheck(lambda h: quantisation(h, "q2"), relaxed)
    assert torch.autograd.gradcheck(balance, relaxed)


def _gradient(form, relaxed):
    """Of one bit's term by z, where h = sigmoid(z)."""
    z = torch.logit(torch.as_tensor(relaxed, dtype=torch.float64)).requires_grad_()
    terms = [quantisation(torch.sigmoid(one).view(1, 1), form) for one in z]
    return torch.autograd.grad(torch.stack(terms).sum(), z)[0]


def test_q1_has_no_gradient_at_one_half_and_peaks_where_the_specification_says():
    u = torch.linspace(-0.4999, 0.4999, 2001, dtype=torch.float64)
    gradient = _gradient("q1", u + 0.5)
    torch.testing.assert_close(gradient, -u * (0.25 - u.square()))
    assert abs(gradient[1000]) < 1e-12
    peak = gradient.abs().argmax()
    assert abs(u[peak]) == pytest.approx(1 / math.sqrt(12), abs=5e-4)
    assert abs(gradient[peak]) == pytest.approx(0.0481, abs=5e-5)
    assert abs(gradient[0]) < 1e-4  # it dies at saturation


def test_q2_has_its_largest_gradient_at_one_half_where_it_jumps():
    u = torch.tensor([-0.4, -0.2, -1e-6, 1e-6, 0.2, 0.4], dtype=torch.float64)
    gradient = torch.autograd.grad(quantisation(h := (u + 0.5).view(1, 6).requires_grad_(), "q2"), h)[0].flatten() * 6
    torch.testing.assert_close(gradient, 2 * (u + 0.5 - (u > 0).double()))
    assert gradient.abs().argmax() in (2, 3)
    assert gradient[2].item() == pytest.approx(1, abs=1e-5)
    assert gradient[3].item() == pytest.approx(-1, abs=1e-5)


class Given(torch.nn.Module):
    """A network whose features are z, and whose classifier hands them on."""

    def forward(self, features):
        return features

    def classify(self, relaxed):
        return relaxed


def test_the_loss_of_one_label_is_cross_entropy_and_of_several_its_mean():
    z = torch.randn(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([[1.0, 0, 0, 0], [0, 0.5, 0.5, 0], [0, 0, 0, 1]])
    method = RVSSDH(Settings(alpha=2.0, beta=3.0, gamma=5.0), 4, 0)
    terms = method.loss(Given(), z, Block(np.arange(3), labels, 0.5))
    logs = torch.sigmoid(z) - torch.logsumexp(torch.sigmoid(z), dim=1, keepdim=True)
    own = -torch.stack([logs[0, 0], (logs[1, 1] + logs[1, 2]) / 2, logs[2, 3]]).mean()
    torch.testing.assert_close(terms["classification"], 2 * own)
    torch.testing.assert_close(terms["quantisation"], 1.5 * quantisation(torch.sigmoid(z), "q1"))
    torch.testing.assert_close(terms["balance"], 2.5 * balance(torch.sigmoid(z)))
    assert list(RVSSDH(Settings(), 4, 0).loss(Given(), z, Block(np.arange(3), labels, 1.0))) == [
        "classification",
        "quantisation",
    ]


def test_the_terms_on_the_bits_wait_and_grow():
    method, *_ = _started(warmup_epochs=2, ramp_epochs=1)
    draw = np.random.default_rng(0)
    shares = [next(iter(method.batches(epoch, None, draw))).share for epoch in range(1, 6)]
    assert shares == [0, 0, 0.5, 1, 1]


def test_batches_are_of_the_labelled_photographs_once():
    method, network, features = _started()
    labels = np.eye(CLASSES, dtype=np.int32)[OF_ROWS]
    labels[::3] = 0
    method.start(network, _supervision(labels), features.numpy())
    batches = list(method.batches(1, None, np.random.default_rng(0)))
    assert sorted(np.concatenate([batch.images for batch in batches])) == [row for row in ROWS if row % 3]
    for batch in batches:
        assert torch.equal(batch.labels.argmax(dim=1), torch.from_numpy(OF_ROWS[batch.images]))


def test_the_learning_rate_falls_by_ten_after_each_step():
    method = RVSSDH(Settings(epochs=8, step=0.5), 8, 0)
    assert [method.rate(epoch) for epoch in range(1, 9)] == [1.0] * 4 + [0.1] * 4
    thirds = RVSSDH(Settings(epochs=6, step=1 / 3), 8, 0)
    assert [round(math.log10(thirds.rate(epoch))) for epoch in range(1, 7)] == [0, 0, -1, -1, -2, -2]


def test_the_fall_comes_in_its_epoch_whatever_floating_point_makes_of_the_step():
    for epochs in range(1, 60):
        for hundredths in range(1, 101):
            method = RVSSDH(Settings(epochs=epochs, step=hundredths / 100, warmup_epochs=0), 8, 0)
            falls = [100 * (epoch - 1) // (hundredths * epochs) for epoch in range(1, epochs + 1)]
            assert [method.rate(epoch) for epoch in range(1, epochs + 1)] == [0.1**fall for fall in falls]


@pytest.mark.parametrize("settings", [{}, {"beta": 0, "gamma": 1}, {"variant": "ssdh", "beta": 0}])
def test_a_warm_up_that_lasts_to_the_end_is_told(settings):
    with pytest.raises(ValidationError, match="epochs is 2 and warmup_epochs 2, so that the terms of beta and gamma"):
        Settings(epochs=2, **settings)
    Settings(epochs=3, **settings)
    Settings(epochs=2, beta=0)


def test_one_class_cannot_be_told_apart():
    method, network, features = _started()
    with pytest.raises(CannotTrain, match="rvssdh learns to tell at least 2 classes apart"):
        method.start(network, _supervision(np.ones((len(ROWS), 1), dtype=np.int32)), features.numpy())
    with pytest.raises(CannotTrain, match="rvssdh learns to tell labels apart"):
        method.start(network, _supervision(np.ones((len(ROWS), 2), dtype=np.int32)), features.numpy())


def test_r1_keeps_its_anchors_out_of_the_training_and_passes_gradients_on():
    method, network, features = _started()
    names = [name for name, _ in network.named_parameters()]
    layers = ("hidden.0", "latent", "classifier")
    assert names == [f"head.{layer}.{part}" for layer in layers for part in ("weight", "bias")]
    before = {name: one.clone() for name, one in network.head.pool.state_dict().items()}
    assert before["anchors"].norm(dim=1).tolist() == pytest.approx([1] * 4, abs=1e-6)
    _steps(method, network, features, 5)
    for name, tensor in network.head.pool.state_dict().items():
        assert torch.equal(tensor, before[name])
    maps = features[:4].clone().requires_grad_()
    batch = Block(np.arange(4), _shares(method, 4), 1.0)
    sum(method.loss(network, maps, batch).values()).backward()
    assert maps.grad.abs().max() > 0


def test_r2_whose_layer_does_not_learn_is_r1_bit_for_bit():
    states = []
    for flag in (False, True):
        method, network, features = _started(anchors_trainable=flag, assign_trainable=flag)
        network.head.pool.requires_grad_(False)
        _steps(method, network, features, 5)
        states.append(network.state_dict())
    assert all(torch.equal(tensor, states[1][name]) for name, tensor in states[0].items())


@pytest.mark.parametrize("trained", [("anchors",), ("weights",), ("anchors", "weights")])
def test_r2_and_r3_train_what_their_flags_say(trained):
    flags = {"anchors_trainable": "anchors" in trained, "assign_trainable": "weights" in trained}
    method, network, features = _started(**flags)
    before = {name: one.clone() for name, one in network.head.pool.state_dict().items()}
    _steps(method, network, features, 3)
    after = network.head.pool.state_dict()
    assert {name for name in before if not torch.equal(before[name], after[name])} == set(trained)


def test_parameters_of_each_variant():
    def count(classes=5, bits=16, **settings):
        with torch.device("meta"):
            network = RVSSDH(Settings(**settings), bits, 0).network(1280, classes)
        return sum(one.numel() for one in network.parameters())

    tail = 512 * 16 + 16 + 16 * 5 + 5
    assert count() == 16 * 128 * 512 + 512 + tail
    assert count(variant="netvlad") == count() + 2 * 16 * 128
    assert count(variant="netvlad", form="v2") == count() + 2 * 16 * 128 + 16
    assert count(variant="ssdh") == 128 * 512 + 512 + 512 * 512 + 512 + tail
    assert count(vlad=False) == 128 * 512 + 512 + tail
    assert count(transform=False) == 16 * 128 * 16 + 16 + 16 * 5 + 5


def test_what_a_variant_decides_itself():
    ssdh = RVSSDH(Settings(variant="ssdh", quantisation="q2", gamma=0.0), 8, 0).settings
    assert (ssdh.vlad, ssdh.gamma, ssdh.quantisation) == (False, 1.0, "q1")
    netvlad = RVSSDH(Settings(variant="netvlad"), 8, 0).settings
    assert (netvlad.anchor_init, netvlad.anchors_trainable, netvlad.assign_trainable) == ("kmeans", True, True)
    assert not netvlad.subtract_mean


def test_the_transform_sees_entries_of_unit_mean_square():
    _, network, features = _started()
    pooled = network.head.scale * network.head.pool(features)
    torch.testing.assert_close(pooled.square().mean(dim=1), torch.ones(len(ROWS)))
    torch.manual_seed(0)
    hidden = relu_layers(2048, 512, 1, 0.0)(torch.randn(100, 2048))
    assert hidden.square().mean().item() == pytest.approx(1, rel=0.05)  # He's initialisation keeps it


def test_the_bit_is_h_above_one_half():
    _, network, features = _started()
    z = network(features)
    assert torch.equal(z > 0, torch.sigmoid(z) > 0.5)
    logits = network.classify(torch.sigmoid(z))
    expected = torch.sigmoid(z) @ network.head.classifier.weight.T + network.head.classifier.bias
    torch.testing.assert_close(logits, expected)


def test_local_descriptors_are_columns_of_the_maps():
    inputs = np.arange(2 * 3 * 144, dtype=np.float32).reshape(2, 3, 12, 12)
    drawn = local_descriptors(lambda block: block, inputs, torch.device("cpu"))
    assert drawn.shape == (200, 3)
    columns = {tuple(column) for image in inputs for column in image.reshape(3, -1).T.tolist()}
    assert {tuple(row) for row in drawn.tolist()} <= columns
    assert len(torch.unique(drawn, dim=0)) == 200


@pytest.mark.parametrize("variant", ["rv-ssdh", "ssdh", "netvlad"])
def test_separable_classes_are_told_apart_and_found_perfectly(variant):
    _, trained, network = _train(variant=variant, epochs=60)
    features = torch.from_numpy(Inputs(_maps()).features(network, torch.device("cpu")))
    z = network.eval()(features)
    accuracy = (network.classify(torch.sigmoid(z)).argmax(dim=1).numpy() == OF_ROWS).mean()
    assert accuracy == 1
    assert trained.history["map_expected"].max() == 1
    codes = compute_outputs(network, features.numpy(), ROWS, torch.device("cpu")) >= 0
    owners = {code.tobytes(): set(OF_ROWS[(codes == code).all(axis=1)]) for code in codes}
    assert all(len(classes) == 1 for classes in owners.values())


def test_eight_classes_are_told_apart_by_one_bit_more_than_their_logarithm():
    """With exactly log2 C = 3 bits each code would have to be a class's; there training left 5 to 7 codes for the 8."""
    method, network, features = _started(bits=4)
    _steps(method, network, features, 500)
    z = network.eval()(features)
    assert (network.classify(torch.sigmoid(z)).argmax(dim=1).numpy() == OF_ROWS).all()
    signs = torch.where(z >= 0, 1, -1).numpy()
    assert len(np.unique(np.c_[signs, OF_ROWS], axis=0)) == len(np.unique(signs, axis=0)) == CLASSES


def test_without_quantisation_it_still_trains():
    _, trained, _ = _train(beta=0.0, epochs=30)
    assert trained.history["classification"].iloc[-1] < 0.3
    assert trained.history["map_expected"].max() > 0.95


def test_too_much_quantisation_freezes_the_sigmoids_before_classes_are_learned():
    """The known failure of SSDH (B.2): E2 saturates while the cross entropy stays at log C."""
    ends = {}
    for beta in (1.0, 100.0):
        method, network, features = _started(beta=beta, warmup_epochs=0)
        _steps(method, network, features, 300)
        relaxed = torch.sigmoid(network.eval()(features))
        loss = torch.nn.functional.cross_entropy(network.classify(relaxed), _shares(method, len(ROWS)))
        ends[beta] = quantisation(relaxed, "q1").item(), loss.item()
    assert ends[1.0][1] < 0.1
    assert ends[100.0][0] == pytest.approx(-0.125, abs=1e-4)
    assert ends[100.0][1] == pytest.approx(math.log(CLASSES), rel=0.05)


@pytest.mark.parametrize(
    "settings",
    [
        {"vlad": False},
        {"transform": False},
        {"beta": 0.0},
        {"gamma": 1.0},
        {"quantisation": "q2"},
        {"assignment": "hard"},
        {"anchor_init": "sample_descriptors", "form": "v2"},
        {"sharpness": 10.0, "subtract_mean": False},
        {"intra_norm": False, "normalise": False, "normalise_descriptors": False},
        {"dropout": 0.5, "ramp_epochs": 2},
    ],
)
def test_every_ablation_trains_and_is_rebuilt_from_its_weights(settings):
    _, trained, network = _train(epochs=6, learning_rate=0.02, **settings)
    assert trained.history["classification"].iloc[-1] < trained.history["classification"].iloc[1]
    features = Inputs(_maps()).features(network, torch.device("cpu"))
    again = _score(lambda rows: compute_outputs(network, features, rows, torch.device("cpu")))["map_expected"]
    assert again == pytest.approx(trained.history["map_expected"].max())


def test_groups_of_the_shared_network():
    _, network, _ = _started(anchors_trainable=True)
    weights, biases, anchors = network.parameter_groups(0.1, 0.01)
    assert len(weights["params"]) == len(biases["params"]) == 3
    assert (weights["lr"], biases["lr"], biases["weight_decay"]) == (0.1, 0.2, 0)
    assert anchors["params"][0] is network.head.pool.anchors
    assert anchors["weight_decay"] == 0


def test_a_backbone_that_is_trained_along_gets_gradients_through_frozen_anchors():
    torch.manual_seed(0)
    method = RVSSDH(Settings(clusters=4, width=32), 8, 0)
    network = method.network(256, CLASSES).attach(Backbone("test_efficientnet", "random"), 32)
    pixels = np.random.default_rng(0).integers(0, 256, (len(ROWS), 3, 32, 32), dtype=np.uint8)
    network.fit(network.backbone(torch.from_numpy(pixels)).detach())
    method.start(network, _supervision(), pixels)
    batch = Block(np.arange(6), _shares(method, 6), 1.0)
    sum(method.loss(network.train(), network.features(torch.from_numpy(pixels[:6])), batch).values()).backward()
    assert network.backbone.network.conv_stem.weight.grad.abs().max() > 0
    groups = network.parameter_groups(0.1, 0.01)
    assert [group["lr"] for group in groups] == pytest.approx([0.1, 0.2, 0.001, 0.002])
    assert sum(len(group["params"]) for group in groups) == len(list(network.parameters()))


@pytest.fixture
def small(monkeypatch):
    """VGG's plan in narrow layers."""
    from bitscape.networks.backbones import _import_timm

    _import_timm()
    from timm.models.vgg import VGG as TimmVGG

    plan = [4, "M", 4, "M", 4, "M", 8, "M", vgg_latent.CHANNELS, "M"]

    def create(name, weights, section, **options):
        assert (name, section) == ("vgg16", "train.methods.rvssdh")
        network = TimmVGG(plan, mlp_ratio=0.002, **options)
        if weights != "random":
            network.load_state_dict(torch.load(weights))
        return network

    monkeypatch.setattr(vgg16, "create_pretrained", create)
    return create


def test_the_published_network_trains_its_convolutions_through_frozen_anchors(small, tmp_path):
    theirs = small("vgg16", "random", "train.methods.rvssdh", num_classes=0)
    torch.save(theirs.state_dict(), tmp_path / "vgg.pt")
    torch.manual_seed(0)
    settings = Settings(network="paper", weights=str(tmp_path / "vgg.pt"), width=16, clusters=4)
    method = RVSSDH(settings, 8, 0)
    network = method.network(1280, CLASSES)
    pixels = np.random.default_rng(0).integers(0, 256, (len(ROWS), 3, 256, 256), dtype=np.uint8)
    method.start(network, _supervision(), pixels)
    assert torch.equal(network.trunk[0].weight, theirs.features[0].weight)
    before = {name: one.clone() for name, one in network.state_dict().items()}
    optimiser = method.optimiser(network.parameter_groups(0.1, 0.01))
    images = torch.from_numpy(pixels[:6])
    features = network.features(network.augment(images))
    assert features.shape == (6, 3, 224, 224)
    assert network.maps(features).shape == (6, 512, 14, 14)
    sum(method.loss(network.train(), features, Block(np.arange(6), _shares(method, 6), 1.0)).values()).backward()
    assert network.trunk[0].weight.grad.abs().max() > 0
    optimiser.step()
    changed = {name for name, one in network.state_dict().items() if not torch.equal(one, before[name])}
    assert {name for name in before if name.startswith("trunk")} <= changed
    assert not any("pool" in name or name in ("mean", "std") for name in changed)


def test_published_crops_and_colours(small):
    torch.manual_seed(0)
    network = RVSSDH(Settings(network="paper", weights="random", clusters=2, width=4), 8, 0).network(0, CLASSES)
    column = torch.arange(256, dtype=torch.uint8).expand(3, 256, 256)
    images = torch.stack([column, column.transpose(1, 2)]).repeat(50, 1, 1, 1)
    crops = network.augment(images).int()
    assert crops.shape == (100, 3, 224, 224)
    steps = crops[::2, 0, 0, 1] - crops[::2, 0, 0, 0]
    assert set(steps.tolist()) == {-1, 1}  # some are mirrored
    assert crops[1::2, 0, 0, 0].min() < 5
    assert crops[1::2, 0, 0, 0].max() > 27
    middle = network.features(images)
    expected = (torch.arange(16, 240) / 255 - 0.485) / 0.229
    torch.testing.assert_close(middle[0, 0, 0], expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(network.features(crops.to(torch.uint8)).shape, crops.shape)


@pytest.mark.parametrize("variant", ["rv-ssdh", "ssdh"])
def test_published_sizes_and_rates(variant):
    with torch.device("meta"):
        method = RVSSDH(Settings(network="paper", variant=variant, clusters=32), 48, 0)
        network = method.network(0, 10)
    assert isinstance(network, VGGLatent)
    assert network.side == 256
    sizes = {name: one.numel() for name, one in network.named_parameters()}
    trunk = sum(size for name, size in sizes.items() if name.startswith("trunk"))
    convolutions = 14_714_688  # of VGG-16
    width = 4096 if variant == "ssdh" else 512
    assert trunk == convolutions + (25088 * 4096 + 4096 + 4096 * 4096 + 4096 if variant == "ssdh" else 0)
    transform = 0 if variant == "ssdh" else 32 * 512 * 512 + 512
    assert sum(sizes.values()) == trunk + transform + width * 48 + 48 + 48 * 10 + 10
    names = {id(one): name for name, one in network.named_parameters()}
    rates = {
        names[id(one)]: (group["lr"], group.get("weight_decay"))
        for group in network.parameter_groups(0.5, 0.5)
        for one in group["params"]
    }
    assert rates.keys() == sizes.keys()
    assert rates["trunk.0.weight" if variant != "ssdh" else "trunk.0.0.weight"] == (1e-3, None)
    assert rates["head.classifier.weight"] == (1e-2, None)
    assert rates["head.classifier.bias"] == (2e-2, 0)
    assert rates["head.latent.weight"][0] == (1e-3 if variant == "ssdh" else 1e-2)
    optimiser = method.optimiser(network.parameter_groups(0.5, 0.5))
    assert {group["momentum"] for group in optimiser.param_groups} == {0.9}
    assert {group["weight_decay"] for group in optimiser.param_groups} == {5e-4, 0}


def test_published_starts():
    torch.manual_seed(0)
    head = LatentHead(VLAD(4, 2), torch.nn.Sequential(), 4096, 64, 100, VGG)
    assert head.latent.weight.std().item() == pytest.approx(0.005, rel=0.02)
    assert torch.equal(head.latent.bias.detach(), torch.ones(64))
    assert head.classifier.weight.std().item() == pytest.approx(0.01, rel=0.05)
    shared = RVSSDH(Settings(), 64, 0).network(1280, 100).head
    assert shared.latent.weight.std().item() == pytest.approx(0.01, rel=0.02)
    assert shared.classifier.weight.std().item() == pytest.approx(0.2, rel=0.05)


def test_params_hold_the_defaults():
    assert Params().train.methods.rvssdh == Settings()
