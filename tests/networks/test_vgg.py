"""VGG-19 as DSAH uses it (the specification's A.3)."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from bitscape.networks.published.vgg import MEANS, VGG19, read_bgr


@pytest.fixture(scope="module")
def body():
    torch.manual_seed(0)
    return VGG19("random", "rgb", 0.5, "train.methods.dsah").eval()


def _photographs(n, side=32):
    return torch.randint(0, 256, (n, 3, side, side), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_it_is_vgg_19_up_to_fc7_and_all_of_it_is_trained(body):
    convolutions = [layer for layer in body.network.features if isinstance(layer, nn.Conv2d)]
    assert [layer.out_channels for layer in convolutions] == [64] * 2 + [128] * 2 + [256] * 4 + [512] * 8
    assert sum(isinstance(layer, nn.MaxPool2d) for layer in body.network.features) == 5
    # 143,667,240 parameters of VGG-19 less the 4,097,000 of its classifier
    assert sum(parameter.numel() for parameter in body.parameters()) == 143_667_240 - 4_097_000
    assert all(parameter.requires_grad for parameter in body.parameters())


def test_fc7_is_what_the_published_layers_give_one_after_the_other(body):
    photographs = _photographs(1, 224)
    with torch.inference_mode():
        found = body(photographs)
        values = photographs[:, [2, 1, 0]].float() - torch.tensor([103.939, 116.779, 123.68]).view(1, 3, 1, 1)
        weights = body.network.parameters()
        for convolutions in (2, 2, 4, 4, 4):
            for _ in range(convolutions):
                values = functional.relu(functional.conv2d(values, next(weights), next(weights), padding=1))
            values = functional.max_pool2d(values, 2)
        values = values.flatten(1)
        assert values.shape == (1, 25088)
        for _ in range(2):
            values = functional.relu(functional.linear(values, next(weights).flatten(1), next(weights)))
    assert found.shape == (1, 4096)
    assert (found >= 0).all()
    assert found.norm() > 0
    torch.testing.assert_close(found, values, rtol=1e-3, atol=1e-4 * values.max().item())


def test_half_of_fc6_and_of_fc7_is_dropped_in_training_only(body):
    photographs = _photographs(2)
    with torch.inference_mode():
        plain = body(photographs)
        assert torch.equal(plain, body(photographs))
        body.dropout.train()
        varied = body(photographs)
        body.eval()
        body.network.pre_logits.drop.train()
        deep = body(photographs)
        body.eval()
    lit = plain > 0
    kept = varied[lit] > 0
    assert kept.float().mean().item() == pytest.approx(0.5, abs=0.05)
    torch.testing.assert_close(varied[lit][kept], 2 * plain[lit][kept])
    assert not torch.equal(deep, plain)
    assert body.dropout.p == body.network.pre_logits.drop.p == 0.5


def test_weights_of_normalised_rgb_give_the_same_maps_when_rewritten_for_bgr():
    torch.manual_seed(1)
    rgb, bgr = (nn.Conv2d(3, 8, 3, padding=1) for _ in range(2))
    bgr.load_state_dict(rgb.state_dict())
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    read_bgr(bgr, mean, std)
    photographs = _photographs(2).float()
    normalised = (photographs / 255 - torch.tensor(mean).view(1, 3, 1, 1)) / torch.tensor(std).view(1, 3, 1, 1)
    with torch.no_grad():
        expected, found = rgb(normalised), bgr(photographs.flip(1) - torch.tensor(MEANS).view(1, 3, 1, 1))
        inside = (..., slice(1, -1), slice(1, -1))
        torch.testing.assert_close(found[inside], expected[inside], rtol=1e-4, atol=1e-5)
        # At the border five of nine weights at most meet padding, whose difference is 0.009 deviations at most.
        bound = 0.009 * rgb.weight.abs().sum(dim=(1, 2, 3)).max()
        assert 0 < (found - expected).abs().max() < bound


def test_weights_of_bgr_are_left_as_they_are(tmp_path, body, monkeypatch):
    layers = {}

    def kept(name, weights, section, **options):
        layers["network"] = nn.Module()
        layers["network"].features = nn.Sequential(nn.Conv2d(3, 4, 3))
        layers["network"].default_cfg = body.network.default_cfg
        layers["weight"] = layers["network"].features[0].weight.clone()
        return layers["network"]

    monkeypatch.setattr("bitscape.networks.published.vgg.create_pretrained", kept)
    assert torch.equal(VGG19("file", "bgr", 0.5, "s").network.features[0].weight, layers["weight"])
    assert not torch.equal(VGG19("file", "rgb", 0.5, "s").network.features[0].weight, layers["weight"])
