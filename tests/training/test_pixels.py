"""Training from pixels: the shared backbone trained along."""

import tracemalloc

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import sparse

from bitscape.core.params import Params
from bitscape.core.settings.networks import Common
from bitscape.methods.base.registry import create
from bitscape.networks import anchors, described
from bitscape.networks.backbones import Backbone
from bitscape.networks.encoder import Encoder
from bitscape.supervision.supervision import Supervision
from bitscape.training import outputs
from bitscape.training.build import build
from bitscape.training.inputs import Inputs
from bitscape.training.loop import train
from bitscape.training.outputs import compute_outputs

SIDE = 32


@pytest.fixture
def inputs(tmp_path):
    """Twelve photographs in three colours, and their feature maps."""
    rng = np.random.default_rng(0)
    paths = [tmp_path / f"{number:02}.png" for number in range(12)]
    for number, path in enumerate(paths):
        picture = rng.integers(0, 60, (40, 50, 3), dtype=np.uint8)
        picture[..., number % 3] += 150
        Image.fromarray(picture).save(path)
    maps = np.zeros((12, 256, 1, 1), dtype=np.float16)
    return Inputs(maps, paths, tmp_path / "scratch")


def test_a_training_never_copies_its_pixels(inputs, monkeypatch):
    """The memory map of all photographs is read in blocks, by the start of each method as by its batches."""
    largest = 0

    class Watched(np.ndarray):
        def __getitem__(self, key):
            nonlocal largest
            found = super().__getitem__(key)
            largest = max(largest, len(found) if found.ndim == 4 else 1)
            return found

    pixels = Inputs._pixels
    monkeypatch.setattr(Inputs, "_pixels", lambda self, side: pixels(self, side).view(Watched))
    monkeypatch.setattr(described, "PHOTOGRAPHS_PER_BLOCK", 3)
    monkeypatch.setattr(anchors, "BLOCK", 3)
    monkeypatch.setattr(outputs, "PHOTOGRAPHS", 3)
    labels = sparse.csr_array(np.eye(3, dtype=np.int32)[np.arange(12) % 3])
    none, same = sparse.csr_array((12, 12), dtype=np.float32), sparse.csr_array((labels @ labels.T).astype(np.int8))
    known = Supervision(np.arange(12), labels, none, similarity=same)
    chosen = {"dsah": {"epochs": 1, "rounds": 1}, "exchnet": {"epochs": 1, "rounds": 2}, "dsrh": {"epochs": 1}}
    for name, settings in chosen.items():
        params = Params.model_validate({"train": {"methods": {name: settings | {"batch_size": 3}}}})
        train(
            create(name, 8, params),
            inputs,
            known,
            lambda outputs_of: {"map_expected": float(np.abs(outputs_of(np.arange(12))).sum())},
            Common(frozen=False, device="cpu"),
            lambda: (Backbone("test_efficientnet", "random"), SIDE),
        )
    assert 0 < largest <= 9  # three towers of three


def test_features_take_their_own_memory_and_little_more():
    maps = np.random.default_rng(0).random((1500, 64, 3, 3)).astype(np.float16)
    tracemalloc.start()
    features = Inputs(maps).features(Encoder(), torch.device("cpu"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(features, maps.astype(np.float32))
    assert peak < 1.7 * features.nbytes


def test_the_backbone_is_trained_along_and_saved(inputs):
    method = create("dsah", 8, Params.model_validate({"train": {"methods": {"dsah": {"epochs": 2, "rounds": 1}}}}))
    same = sparse.csr_array((np.arange(12)[:, None] % 3 == np.arange(12) % 3).astype(np.int8))
    none = sparse.csr_array((12, 12), dtype=np.float32)
    known = Supervision(np.arange(12), sparse.csr_array((12, 0), dtype=np.int32), none, similarity=same)
    backbone = Backbone("test_efficientnet", "random")
    before = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}
    scores = iter([0.0, 0.1, 0.2])
    trained = train(
        method,
        inputs,
        known,
        lambda outputs_of: {"map_expected": next(scores), "outputs": float(np.abs(outputs_of(np.arange(12))).sum())},
        Common(frozen=False, backbone_rate=1.0, device="cpu"),
        lambda: (backbone, SIDE),
    )
    assert trained.epoch == 2
    assert np.isfinite(trained.history["outputs"]).all()
    changed = [name for name in before if not torch.equal(trained.weights[f"backbone.{name}"], before[name])]
    assert any("conv" in name for name in changed)
    assert not any("running" in name for name in changed)  # batch norms keep their statistics
    again = build(method, 256, 0, lambda: (Backbone("test_efficientnet", "random"), SIDE))
    again.load_state_dict(trained.weights)
    pixels = inputs.features(again, torch.device("cpu"))
    assert pixels.shape == (12, 3, SIDE, SIDE)
    outputs = compute_outputs(again, pixels, np.arange(12), torch.device("cpu"), batch_size=5)
    assert np.abs(outputs).sum() == pytest.approx(trained.history["outputs"][2], rel=1e-4)
