"""The checks of the network in the specification of ATH (1.2, 1.5 and 1.10)."""

import pytest
import torch
from torch import nn

from bitscape.networks.attention import SpatialAttention
from bitscape.networks.published.athnet import ATHNet
from bitscape.networks.residual import ResidualBlock

GENERATOR = torch.Generator().manual_seed(0)


def _pixels(number, side):
    return torch.randint(0, 256, (number, 3, side, side), dtype=torch.uint8, generator=GENERATOR)


def _count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_shapes_of_the_table():
    network = ATHNet(36, 5)
    shapes = []
    rows = network.first[0], network.first[1], network.attention, network.second[0], network.second[1], network.dense
    for row in rows:
        row.register_forward_hook(lambda _, __, output: shapes.append(tuple(output.shape[1:])))
    outputs, logits = network.both(_pixels(2, 256))
    assert shapes == [(16, 128, 128)] * 3 + [(8, 64, 64)] * 2 + [(1, 32, 32)]
    assert network.hash.in_features == 1024
    assert (outputs.shape, logits.shape) == ((2, 36), (2, 5))
    assert network.side == 256


@pytest.mark.parametrize("bits", [12, 36, 48])
@pytest.mark.parametrize("classes", [2, 5])
def test_parameters_are_counted_by_the_formula(bits, classes):
    assert _count(ATHNet(bits, classes)) == 6369 + 1025 * bits + 1025 * classes


def test_parameters_of_the_default_and_of_its_parts():
    network = ATHNet(36, 5)
    assert _count(network) == 48_394
    parts = network.first, network.attention, network.second, network.dense, network.hash, network.classes
    assert [_count(part) for part in parts] == [3264, 18, 2928, 159, 36_900, 5125]


def test_the_start_is_xavier_normal_without_biases_in_convolutions():
    torch.manual_seed(0)
    network = ATHNet(64, 5)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            assert layer.bias is None
    weight = network.hash.weight
    assert weight.std().item() == pytest.approx((2 / (1024 + 64)) ** 0.5, rel=0.02)
    assert (weight.abs() > 2.5 * weight.std()).any()  # a normal's tails; a uniform has none beyond 1.73
    block = network.second[0].main[0].weight
    assert block.std().item() == pytest.approx((2 / (9 * (16 + 8))) ** 0.5, rel=0.1)


def test_pixels_go_in_as_blue_green_red_of_0_to_255():
    pixels = _pixels(1, 8)
    assert torch.equal(ATHNet(8, 2, 8).prepare(pixels), pixels[:, [2, 1, 0]].float())
    normalised = ATHNet(8, 2, 8, normalise=True).prepare(torch.tensor([0, 255], dtype=torch.uint8).view(1, 2, 1, 1))
    assert normalised.flatten().tolist() == [1.0, -1.0]


def test_a_code_does_not_depend_on_the_other_images_of_its_batch():
    torch.manual_seed(0)
    network = ATHNet(36, 5, 32).double()
    network.both(_pixels(10, 32))  # batch norms have seen something
    pixels, others = _pixels(4, 32), _pixels(4, 32) // 8
    network.eval()
    alone, among = network(pixels), network(torch.cat([pixels, others]))[:4]
    torch.testing.assert_close(among, alone)
    assert torch.equal(torch.sign(among), torch.sign(alone))
    network.train()  # as the authors encode
    assert not torch.allclose(network(pixels), network(torch.cat([pixels, others]))[:4], rtol=0.01)


@pytest.mark.parametrize("attention", [True, False])
@pytest.mark.parametrize("max_pool", [True, False])
def test_switches_take_layers_out(attention, max_pool):
    network = ATHNet(8, 2, 16, attention, max_pool)
    kinds = {type(layer) for layer in network.modules()}
    assert (SpatialAttention in kinds, nn.MaxPool2d in kinds) == (attention, max_pool)
    assert _count(network) == _count(ATHNet(8, 2, 16)) - 18 * (not attention)
    looked = network.look(_pixels(2, 16))
    assert looked.shape == (2, 1, 8, 8)
    assert bool((looked == 1).all()) != attention


def test_the_shortcut_is_a_convolution_of_3_by_3_where_shapes_change_and_nothing_else():
    changed, same = ResidualBlock(3, 4, 2), ResidualBlock(4, 4, 1)
    assert changed.shortcut[0].kernel_size == (3, 3)
    assert len(same.shortcut) == 0
    maps = torch.randn(2, 4, 5, 5, generator=GENERATOR)
    nn.init.zeros_(same.main[-1].weight)
    assert torch.equal(same(maps), maps.relu())
