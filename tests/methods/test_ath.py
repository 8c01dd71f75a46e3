"""The checks of the specification of ATH (1.10) that need the whole method."""

import math

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError
from scipy import sparse

from bitscape.core.errors import BitscapeError, CannotTrain
from bitscape.core.settings.ath import ATH as Settings
from bitscape.methods.ath import ATH, Thirds
from bitscape.networks.published.athnet import ATHNet
from bitscape.retrieval.hit_lists import hit_ratio_at_k
from bitscape.supervision.supervision import Supervision
from bitscape.training.inputs import Inputs
from bitscape.training.loop import train
from bitscape.training.outputs import compute_outputs

SIDE, SQUARE = 32, 12
COLOURS = np.array([[230, 40, 40], [40, 230, 40], [40, 40, 230], [230, 230, 40], [40, 230, 230]], dtype=np.uint8)
CPU = torch.device("cpu")


def _supervision(labels, source="labels", overlap=None):
    n = len(labels)
    graded = sparse.csr_array(np.zeros((n, n)) if overlap is None else overlap, dtype=np.float32)
    return Supervision(np.arange(n), sparse.csr_array(np.asarray(labels, dtype=np.int32)), graded, source=source)


def _squares(number=50, classes=5, seed=0):
    """Draw dim noise with a square of the class's colour near the centre; give pixels, labels and where squares are."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 100, (number, 3, SIDE, SIDE), dtype=np.uint8)
    inside = np.zeros((number, SIDE, SIDE), dtype=bool)
    labels = np.arange(number) % classes
    corner = (SIDE - SQUARE) // 2
    for row, (y, x) in enumerate(rng.integers(corner - 2, corner + 3, (number, 2))):
        inside[row, y : y + SQUARE, x : x + SQUARE] = True
        pixels[row][:, inside[row]] = COLOURS[labels[row]][:, None]
    return pixels, np.eye(classes, dtype=np.int32)[labels], inside


def _started(pixels, labels, bits=36, **chosen):
    torch.manual_seed(0)
    method = ATH(Settings(network="paper", image_size=pixels.shape[-1], **chosen), bits, 0)
    network = method.network(0, labels.shape[1])
    method.start(network, _supervision(labels), pixels)
    return method, network


def _train(method, network, pixels, epochs):
    optimiser = method.optimiser(network.parameter_groups(method.settings.learning_rate, 1.0))
    rng = np.random.default_rng(0)
    for epoch in range(1, epochs + 1):
        for batch in method.batches(epoch, None, rng):
            loss = sum(method.loss(network, torch.from_numpy(pixels[batch.images]), batch).values())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()


def test_squares_are_learned_by_heart():
    """The overfit test in small; the whole of it, with the attention, is the next."""
    pixels, labels, _ = _squares(20, classes=2)
    method, network = _started(pixels, labels, bits=8, learning_rate=3e-3, resample_each_epoch=True)
    classes = labels.argmax(axis=1)

    def hits():
        outputs = compute_outputs(network, pixels, np.arange(20), CPU)
        distances = np.square(outputs[:, None] - outputs).sum(axis=2)
        np.fill_diagonal(distances, np.inf)
        return hit_ratio_at_k(classes[np.argsort(distances, axis=1)[:, :5]] == classes[:, None], 5)

    before = hits()
    _train(method, network, pixels, 25)
    assert before < 0.9
    assert hits() == 1.0


@pytest.mark.slow
def test_fifty_squares_are_learned_by_heart_and_looked_at():
    pixels, labels, inside = _squares()
    # Three times the authors' rate and new triplets in each epoch, to be quick. Which way the attention goes at raw
    # pixel values is the sign of its start; with this seed it is the right one.
    method, network = _started(pixels, labels, learning_rate=3e-3, resample_each_epoch=True)
    _train(method, network, pixels, 60)
    outputs = compute_outputs(network, pixels, np.arange(50), CPU)
    distances = np.square(outputs[:, None] - outputs).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    ranked = np.argsort(distances, axis=1)[:, :5]
    classes = labels.argmax(axis=1)
    assert hit_ratio_at_k(classes[ranked] == classes[:, None], 5) == 1.0
    with torch.no_grad():
        looked = network.eval().look(torch.from_numpy(pixels))[:, 0].numpy()
    within = inside[:, ::2, ::2]
    assert looked[within].mean() > looked[~within].mean() + 0.02


def test_the_first_loss_of_a_collapsed_network_with_uniform_logits():
    pixels, labels, _ = _squares()
    method, network = _started(pixels, labels)
    for layer in (network.hash, network.classes):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    batch = next(method.batches(1, None, np.random.default_rng(0)))
    terms = method.loss(network, torch.from_numpy(pixels[batch.images]), batch)
    assert terms["triplet"].item() == 18.0
    assert terms["ce"].item() == pytest.approx(3 * math.log(5))
    assert sum(terms.values()).item() == pytest.approx(22.83, abs=5e-3)
    assert method.end_epoch(1, lambda: np.zeros((50, 36), dtype=np.float32)) == {"deviation": 0.0}


def test_each_third_has_its_own_batch_statistics_and_all_three_their_classes():
    pixels, labels, _ = _squares()
    method, network = _started(pixels, labels)
    batch = next(method.batches(1, None, np.random.default_rng(0)))
    assert batch.images.shape == (30,)
    terms = method.loss(network, torch.from_numpy(pixels[batch.images]), batch)
    margin, expected = 18.0, 0.0
    thirds = [network.both(torch.from_numpy(pixels[third])) for third in batch.images.reshape(3, 10)]
    for third, (_, logits) in zip(batch.images.reshape(3, 10), thirds, strict=True):
        expected += torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels[third].argmax(axis=1))).item()
    assert terms["ce"].item() == pytest.approx(expected, rel=1e-5)
    query, positive, negative = (outputs for outputs, _ in thirds)
    gaps = margin - (query - negative).square().mean(dim=1) + (query - positive).square().mean(dim=1)
    assert terms["triplet"].item() == pytest.approx(gaps.clamp(min=0).mean().item(), rel=1e-5)


def test_batches_hold_ten_full_triplets_each_photograph_once_the_query():
    labels = np.eye(5, dtype=np.int32)[np.arange(57) % 5]
    method, _ = _started(np.empty((57, 3, 8, 8), dtype=np.uint8), labels)
    rng = np.random.default_rng(0)
    epochs = [[batch.images.reshape(3, 10) for batch in method.batches(epoch, None, rng)] for epoch in (1, 2)]
    drawn = {tuple(row) for row in method.triplets}
    for blocks in epochs:
        assert len(blocks) == 5  # seven triplets are dropped
        rows = [tuple(row) for block in blocks for row in block.T]
        assert len({row[0] for row in rows}) == 50
        assert set(rows) <= drawn  # drawn once, shuffled anew
    assert not np.array_equal(epochs[0], epochs[1])


def test_on_the_shared_backbone_triplets_are_drawn_anew_unless_asked_not_to():
    labels = np.eye(5, dtype=np.int32)[np.arange(100) % 5]
    for chosen, same in (({}, False), ({"resample_each_epoch": False}, True)):
        method = ATH(Settings(**chosen), 16, 0)
        method.start(method.network(8, 5), _supervision(labels), np.empty((100, 8, 1, 1), dtype=np.float32))
        rng = np.random.default_rng(0)
        sets = [{tuple(row) for b in method.batches(e, None, rng) for row in b.images.reshape(3, 10).T} for e in (1, 2)]
        assert (sets[0] == sets[1]) == same


def test_balanced_queries_are_of_each_class_alike():
    labels = np.eye(2, dtype=np.int32)[np.repeat([0, 1], [20, 980])]
    method, _ = _started(np.empty((1000, 3, 8, 8), dtype=np.uint8), labels, class_balanced_queries=True)
    assert 400 < labels[method.triplets[:, 0], 0].sum() < 600


SWITCHES = [
    {"attention": False},
    {"max_pool": False},
    {"loss": "none"},
    {"classification": "none"},
    {"loss": "pairwise"},
    {"loss": "circle"},
    {"classification": "focal", "focal_alpha": [0.2, 0.4, 0.2, 0.15, 0.05]},
    {"distance": "sum"},
    *({"margin_ratio": ratio} for ratio in (0.3, 0.7)),
    {"normalise": True},
]


@pytest.mark.parametrize("bits", [12, 48])
@pytest.mark.parametrize("chosen", SWITCHES, ids=str)
def test_every_switch_trains(chosen, bits):
    pixels, labels, _ = _squares(15)
    pixels = np.ascontiguousarray(pixels[..., ::2, ::2])
    method, network = _started(pixels, labels, bits, **chosen)
    before = [parameter.clone() for parameter in network.parameters()]
    _train(method, network, pixels, 1)
    moved = {name for (name, now), then in zip(network.named_parameters(), before, strict=True) if not now.equal(then)}
    assert ("hash.weight" in moved) == (chosen.get("loss") != "none")  # with classes alone it gets no gradient
    assert ("classes.weight" in moved) == (chosen.get("classification") != "none")
    assert "first.0.main.0.weight" in moved


def test_the_margin_is_a_share_of_the_bits_and_the_sum_bits_times_the_mean():
    pixels, labels, _ = _squares(15)
    batch = Thirds(np.arange(15).repeat(2))
    features = torch.from_numpy(pixels[batch.images])

    def cost(**chosen):
        method, network = _started(pixels, labels, 24, **chosen)
        return method.loss(network, features, batch)["triplet"].item()

    # A margin so large that no hinge is at 0.
    means = [cost(margin_ratio=ratio) for ratio in (1e3, 2e3)]
    assert means[1] - means[0] == pytest.approx(24e3, rel=1e-5)
    assert cost(margin_ratio=1e5, distance="sum") - 24e5 == pytest.approx(24 * (means[0] - 24e3), rel=0.02, abs=0.5)


def test_photographs_of_several_labels_have_soft_targets():
    labels = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 1]], dtype=np.int32)
    pixels = np.zeros((5, 3, 8, 8), dtype=np.uint8)
    method, network = _started(pixels, labels, loss="none")
    torch.nn.init.zeros_(network.classes.weight)
    with torch.no_grad():
        network.classes.bias.copy_(torch.tensor([1.0, 0.0, -1.0]))
    logs = torch.log_softmax(network.classes.bias, dim=0)
    batch = Thirds(np.array([0, 1, 2]))
    expected = -(logs[0] + logs[1]) / 2 - logs[0] - logs[2]
    found = method.loss(network.eval(), torch.from_numpy(pixels[:3]), batch)["ce"]
    assert found.item() == pytest.approx(expected.item())


def test_graded_by_overlap_one_model_is_enough():
    overlap = np.kron(np.eye(2), np.full((3, 3), 0.5)) + 0.5 * np.eye(6)
    known = _supervision(np.ones((6, 1)), "geometry-graded", overlap)
    method = ATH(Settings(), 16, 0)
    method.start(method.network(8, 1), known, np.empty((6, 8, 1, 1), dtype=np.float32))
    assert len(method.triplets) == 6


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (np.ones((4, 1)), "at least 2 classes"),
        (np.eye(4), "no labelled training photograph has one that shares a label with it"),
        (np.array([[1, 1], [1, 0], [1, 1], [0, 0]]), "no labelled training photograph has one"),
    ],
)
def test_what_cannot_be_trained_says_why(labels, words):
    method = ATH(Settings(), 16, 0)
    with pytest.raises(CannotTrain, match=words):
        method.start(method.network(8, labels.shape[1]), _supervision(labels), np.empty((4, 8, 1, 1), dtype=np.float32))


def test_settings_that_cannot_be_meant_say_why():
    with pytest.raises(ValidationError, match="batch_size is 1 and image_size 8"):
        Settings(network="paper", image_size=8, batch_size=1)
    Settings(network="paper", image_size=16, batch_size=1)
    with pytest.raises(ValidationError, match="nothing to learn"):
        Settings(loss="none", classification="none")
    with pytest.raises(BitscapeError, match="focal_alpha has 2 numbers, and there are 5"):
        _started(*_squares(15)[:2], classification="focal", focal_alpha=[0.5, 0.5])


def test_the_networks_are_the_published_one_and_the_projects():
    method = ATH(Settings(network="paper"), 36, 0)
    network = method.network(1280, 5)
    assert isinstance(network, ATHNet)
    assert sum(parameter.numel() for parameter in network.parameters()) == 48_394
    group = method.optimiser(network.parameter_groups(1e-3, 1.0)).param_groups[0]
    assert (group["lr"], group["betas"], group["weight_decay"]) == (1e-3, (0.9, 0.999), 0)
    assert not ATH(Settings(), 36, 0).network(1280, 5).side


def test_the_published_network_trains_from_files(tmp_path):
    pixels, labels, _ = _squares(20)
    paths = [tmp_path / f"{row:02}.png" for row in range(20)]
    for path, picture in zip(paths, pixels, strict=True):
        Image.fromarray(picture.transpose(1, 2, 0)).save(path)
    method = ATH(Settings(network="paper", image_size=SIDE, epochs=2), 16, 0)
    seen = []

    def validate(outputs_of):
        seen.append(outputs_of(np.arange(20)))
        return {"map_expected": float(len(seen))}

    inputs = Inputs(np.zeros((20, 8, 1, 1), dtype=np.float16), paths, tmp_path / "scratch")
    trained = train(method, inputs, _supervision(labels), validate)
    network = method.network(8, 5)
    network.load_state_dict(trained.weights)
    np.testing.assert_allclose(compute_outputs(network, pixels, np.arange(20), CPU), seen[2], rtol=1e-4, atol=1e-4)
    assert np.isfinite(trained.history[["triplet", "ce", "deviation"]].iloc[1:]).all(axis=None)
