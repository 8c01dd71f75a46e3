"""The checks of the attention in the specification of ATH (1.10)."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import unfold

from bitscape.networks.attended import AttendedEncoder
from bitscape.networks.attention import SpatialAttention

MAPS = torch.randn(3, 5, 6, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def attention():
    torch.manual_seed(0)
    return SpatialAttention().double()


def test_zero_weights_halve_the_maps_exactly(attention):
    nn.init.zeros_(attention.convolution.weight)
    assert torch.equal(attention.weights(MAPS), torch.full((3, 1, 6, 7), 0.5, dtype=torch.float64))
    assert torch.equal(attention(MAPS), MAPS / 2)


def test_it_is_the_formula(attention):
    windows = unfold(torch.stack([MAPS.mean(dim=1), MAPS.amax(dim=1)], dim=1), 3, padding=1)
    expected = torch.sigmoid(attention.convolution.weight.flatten() @ windows).view(3, 1, 6, 7)
    torch.testing.assert_close(attention.weights(MAPS), expected)
    torch.testing.assert_close(attention(MAPS), expected * MAPS)
    assert sum(parameter.numel() for parameter in attention.parameters()) == 18


@settings(deadline=None, max_examples=20)
@given(st.permutations(range(5)))
def test_the_order_of_channels_does_not_matter(order):
    torch.manual_seed(0)
    attention = SpatialAttention().double()
    torch.testing.assert_close(attention.weights(MAPS[:, order]), attention.weights(MAPS))


def test_every_channel_twice_gives_the_same_weights(attention):
    torch.testing.assert_close(attention.weights(MAPS.repeat(1, 2, 1, 1)), attention.weights(MAPS))


def test_weights_lie_between_0_and_1(attention):
    weights = attention.weights(10 * MAPS)
    assert ((weights > 0) & (weights < 1)).all()


def test_gradients(attention):
    assert torch.autograd.gradcheck(attention, MAPS[:1, :, :3, :3].clone().requires_grad_())


@pytest.mark.parametrize("attends", [True, False])
@pytest.mark.parametrize("max_pool", [True, False])
def test_the_head_on_shared_maps_has_its_shapes_and_switches(attends, max_pool):
    network = AttendedEncoder(12, 8, 6, 16, 3, attends, max_pool)
    maps = torch.randn(5, 12, 4, 4)
    network.fit(maps)
    features = network.fixed(maps)
    assert features.shape == (5, 8 + 2 * attends, 4, 4)
    outputs, logits = network.both(features)
    assert (outputs.shape, logits.shape) == ((5, 16), (5, 3))
    network.eval()
    assert torch.equal(network(features), network.both(features)[0])
    kinds = {type(layer) for layer in network.modules()}
    assert (SpatialAttention in kinds, nn.MaxPool2d in kinds) == (attends, max_pool)


def test_the_attention_on_shared_maps_sees_the_backbones_channels_and_not_their_principal_components():
    network = AttendedEncoder(12, 8, 6, 16, 3, True, False)
    maps = torch.randn(5, 12, 4, 4).relu()
    network.fit(maps)
    features = network.fixed(maps)
    seen = torch.stack([maps.mean(dim=1), maps.amax(dim=1)], dim=1)
    seen = (seen - seen.mean(dim=(0, 2, 3), keepdim=True)) / seen.square().mean().sqrt()
    torch.testing.assert_close(features[:, 8:], seen)
    with torch.no_grad():
        network.attention.convolution.weight.zero_()
    halved = network.block(network.reduction.fixed(maps) / 2).mean(dim=(2, 3))
    torch.testing.assert_close(network.embed(features), halved)
