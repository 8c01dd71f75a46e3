"""T12 and T13 of DSRH's specification, and the weights of torchvision's AlexNet."""

import numpy as np
import pytest
import torch
from torch import nn

from bitscape.core.errors import BitscapeError
from bitscape.networks.backbones import _import_timm
from bitscape.networks.bypass import BypassHead, BypassLayers
from bitscape.networks.published.alexnet import CROP, HUB, SIDE, AlexNet

WIDTH = 32


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return AlexNet(16, width=WIDTH)


@pytest.fixture(scope="module")
def theirs():
    """torchvision's AlexNet with random weights, its two top layers narrow."""
    _import_timm()
    from torchvision.models import alexnet

    torch.manual_seed(1)
    model = alexnet(weights=None)
    model.classifier[1], model.classifier[4] = nn.Linear(256 * 36, WIDTH), nn.Linear(WIDTH, WIDTH)
    return model.eval()


def test_t12_sizes_of_a_crop_of_224(network):
    maps, sizes = torch.zeros(1, 3, CROP, CROP), []
    for layer in network.trunk:
        maps = layer(maps)
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d):
            sizes.append((type(layer) is nn.MaxPool2d, *maps.shape[1:]))
    assert sizes == [
        (False, 64, 55, 55),
        (True, 64, 27, 27),
        (False, 192, 27, 27),
        (True, 192, 13, 13),
        (False, 384, 13, 13),
        (False, 256, 13, 13),
        (False, 256, 13, 13),
        (True, 256, 6, 6),
    ]
    assert network.layers.fca.in_features == 9216


def test_the_published_widths():
    with torch.device("meta"):
        network = AlexNet(64)
    shapes = {name: tuple(one.shape) for name, one in network.layers.named_parameters()}
    assert shapes["fca.weight"] == (4096, 9216)
    assert shapes["fcb.weight"] == (4096, 4096)
    assert shapes["from_fca.weight"] == shapes["from_fcb.weight"] == (64, 4096)
    assert shapes["bias"] == (64,)


def test_response_normalisation_is_cuda_convnets():
    maps = 40 * torch.randn(2, 64, 3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    normalisation = AlexNet(8, width=8).trunk[2]
    expected = torch.empty_like(maps)
    for channel in range(64):
        near = maps[:, max(channel - 2, 0) : channel + 3]
        expected[:, channel] = maps[:, channel] / (2 + 1e-4 / 5 * near.square().sum(dim=1)) ** 0.75
    torch.testing.assert_close(normalisation(maps), expected)


def test_hash_layer_starts_as_in_the_official_configuration():
    torch.manual_seed(0)
    layers = BypassLayers(8, 2000, 64, 0.5, "both")
    for weight in (layers.from_fca.weight, layers.from_fcb.weight):
        assert weight.std().item() == pytest.approx(0.01, rel=0.02)
        assert weight.mean().item() == pytest.approx(0, abs=2e-4)
    assert torch.equal(layers.bias.detach(), torch.ones(64))


@pytest.mark.parametrize("bypass", ["both", "fca"])
def test_t13_the_hash_layer_receives_fca_without_dropout(bypass):
    layers = BypassLayers(6, 64, 8, 0.5, bypass).train()
    features = torch.randn(5, 6)
    nn.init.zeros_(layers.fcb.weight)
    nn.init.zeros_(layers.fcb.bias)
    torch.testing.assert_close(layers(features), layers(features), rtol=0, atol=0)
    expected = torch.relu(layers.fca(features)) @ layers.from_fca.weight.T + 1
    torch.testing.assert_close(layers(features), expected)


def test_t13_fcb_is_dropped_out_on_both_of_its_sides():
    torch.manual_seed(0)
    layers = BypassLayers(6, 64, 8, 0.5, "both").train()
    features, seen = torch.randn(5, 6), {}
    layers.fcb.register_forward_pre_hook(lambda _, given: seen.update(fcb=given[0]))
    layers.from_fcb.register_forward_pre_hook(lambda _, given: seen.update(hash=given[0]))
    layers(features)
    first = torch.relu(layers.fca(features))
    second = torch.relu(layers.fcb(seen["fcb"]))
    for dropped, whole in ((seen["fcb"], first), (seen["hash"], second)):
        kept = dropped != 0
        torch.testing.assert_close(dropped[kept], 2 * whole[kept])
        assert 0.35 < kept[whole > 0].float().mean() < 0.65


def test_the_ablation_leaves_one_layer_out():
    features = torch.randn(4, 6)
    for bypass, used, idle in (("fca", "from_fca", "from_fcb"), ("fcb", "from_fcb", "from_fca")):
        layers = BypassLayers(6, 16, 8, 0.0, bypass)
        layers(features).sum().backward()
        assert getattr(layers, used).weight.grad is not None
        assert getattr(layers, idle).weight.grad is None


def test_crops_are_cut_from_the_photograph_and_mirrored_one_in_two(network):
    torch.manual_seed(0)
    image = torch.arange(SIDE * SIDE, dtype=torch.int32).view(1, SIDE, SIDE).expand(3, -1, -1)
    crops = network.augment(image.expand(200, -1, -1, -1))
    assert crops.shape == (200, 3, CROP, CROP)
    mirrored = crops[:, 0, 0, 0] > crops[:, 0, 0, 1]
    assert 70 < mirrored.sum() < 130
    upright = torch.where(mirrored[:, None, None, None], crops.flip(3), crops)
    corners = upright[:, 0, 0, 0]
    rows, columns = corners // SIDE, corners % SIDE
    assert rows.min() == columns.min() == 0
    assert rows.max() == columns.max() == SIDE - CROP
    for crop, row, column in zip(upright, rows, columns, strict=True):
        assert torch.equal(crop, image[:, row : row + CROP, column : column + CROP])


def test_evaluation_sees_the_centre_less_the_mean_image():
    network = AlexNet(8, width=8)
    pixels = np.random.default_rng(0).integers(0, 256, (6, 3, SIDE, SIDE), dtype=np.uint8)
    network.take_inputs(pixels)
    features = network.features(torch.from_numpy(pixels))
    centre = pixels[:, :, 16:240, 16:240].astype(np.float64)
    spread = 255 * np.array([0.229, 0.224, 0.225])[:, None, None]
    np.testing.assert_allclose(features.numpy(), (centre - centre.mean(axis=0)) / spread, atol=1e-5)
    torch.testing.assert_close(network.features(torch.from_numpy(pixels[..., 16:240, 16:240].copy())), features)


def test_torchvisions_weights_give_torchvisions_features(network, theirs, tmp_path):
    torch.save(theirs.state_dict(), tmp_path / "alexnet.pth")
    network.load(str(tmp_path / "alexnet.pth")).eval()
    # conv1 of theirs starts 2 pixels outside. Values this small are divided by the normalisation's constant alone.
    photograph = torch.zeros(2, 3, CROP, CROP)
    photograph[:, :, :-3, :-3] = torch.randn(2, 3, CROP - 3, CROP - 3, generator=torch.Generator().manual_seed(0))
    moved = torch.zeros_like(photograph)
    moved[:, :, 2:, 2:] = photograph[:, :, :-2, :-2]
    with torch.no_grad():
        ours, expected = network.trunk(moved), theirs.features(photograph)
        torch.testing.assert_close(ours, expected, rtol=1e-3, atol=1e-4)
        both = theirs.classifier[2](theirs.classifier[1](expected.flatten(1)))
        torch.testing.assert_close(torch.relu(network.layers.fca(ours.flatten(1))), both, rtol=1e-3, atol=1e-4)
    assert torch.equal(network.layers.fcb.weight, theirs.classifier[4].weight)


def test_the_hub_is_torchvisions():
    _import_timm()
    from torchvision.models import AlexNet_Weights

    assert AlexNet_Weights.IMAGENET1K_V1.url == HUB


def test_weights_that_are_not_to_be_had_are_told(network, monkeypatch, tmp_path):
    def offline(*_, **__):
        raise OSError("no route to host")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", offline)
    with pytest.raises(BitscapeError, match=r"alexnet.*cannot be fetched"):
        network.load("hub")
    torch.save({"features.0.weight": torch.zeros(64, 3, 11, 11)}, tmp_path / "part.pth")
    with pytest.raises(BitscapeError, match="lacks 13 tensors"):
        network.load(str(tmp_path / "part.pth"))


def test_rates_are_the_official_configurations(network):
    groups = network.parameter_groups(1.0, 1.0)
    told = {
        id(one): (group["lr"], group.get("weight_decay"), group["falls"]) for group in groups for one in group["params"]
    }
    named = dict(network.named_parameters())
    assert len(told) == len(named)
    assert told[id(named["conv3.weight"])] == told[id(named["layers.fcb.weight"])] == (1e-4, None, False)
    assert told[id(named["conv1.bias"])] == told[id(named["layers.fca.bias"])] == (2e-4, 0.0, False)
    assert told[id(named["layers.from_fcb.weight"])] == (1e-3, None, True)
    assert told[id(named["layers.from_fca.weight"])] == (2.5e-4, None, True)
    assert told[id(named["layers.bias"])] == (2e-3, 0.0, True)


def test_the_shared_heads_inputs_have_mean_0_and_unit_mean_square():
    head = BypassHead(6, 8, 16, 0.5, "both")
    features = np.random.default_rng(0).normal(3, 0.1, (40, 6)).astype(np.float32)
    head.take_inputs(features)
    seen = []
    head.layers.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    head(torch.from_numpy(features))
    torch.testing.assert_close(seen[0].mean(dim=0), torch.zeros(6), atol=1e-5, rtol=0)
    assert seen[0].square().mean().item() == pytest.approx(1, rel=1e-4)
    assert {one for group in head.parameter_groups(0.1, 0.01) for one in group["params"]} == set(head.parameters())
    assert [group["falls"] for group in head.parameter_groups(0.1, 0.01)] == [True, False]
