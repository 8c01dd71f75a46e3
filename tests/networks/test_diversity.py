"""The checks of the specification of ExchNet (2.10) that concern the two constraints."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bitscape.networks.diversity import channel_diversity, mean_hellinger, spatial_diversity

LIMIT = 0.4


def _random(*shape, seed=0, scale=1.0):
    return scale * torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("parts", [2, 4, 6])
def test_parts_that_have_nothing_in_common_cost_nothing(parts):
    hot = torch.eye(parts, 9, dtype=torch.float64)[None]
    assert mean_hellinger(hot.log()).item() == pytest.approx(1, abs=2e-6)
    places = 1e5 * hot[:, :, None, :, None].expand(-1, -1, 5, -1, 1)
    assert spatial_diversity(places).item() == pytest.approx(0, abs=2e-6)
    assert channel_diversity(1e5 * hot, LIMIT).item() == 0


def test_equal_parts_cost_all_there_is():
    refined = _random(3, 1, 7, 2, 2).expand(-1, 4, -1, -1, -1)
    local = refined.mean(dim=(3, 4))
    assert torch.equal(mean_hellinger(torch.log_softmax(local, 2)), torch.zeros(3, dtype=torch.float64))
    assert torch.equal(spatial_diversity(refined), torch.ones(3, dtype=torch.float64))
    assert torch.equal(channel_diversity(local, LIMIT), torch.full((3,), LIMIT, dtype=torch.float64))


@given(st.integers(0, 10_000), st.integers(2, 5), st.floats(0.01, 200))
def test_they_stay_in_their_bounds(seed, parts, scale):
    refined = _random(2, parts, 6, 3, 3, seed=seed, scale=scale)
    for aggregation in ("mean", "sum"):
        spatial = spatial_diversity(refined, aggregation)
        assert (spatial >= 0).all()
        assert (spatial <= 1).all()
    channel = channel_diversity(refined.mean(dim=(3, 4)), LIMIT)
    assert (channel >= 0).all()
    assert (channel <= LIMIT).all()


@pytest.mark.parametrize("aggregation", ["mean", "sum"])
def test_they_are_what_the_definition_says_pair_by_pair(aggregation):
    refined = _random(2, 4, 6, 3, 2)
    local = refined.mean(dim=(3, 4))
    for image in range(2):
        maps = getattr(refined[image], aggregation)(dim=1).flatten(1)
        for features, found, value in (
            (maps, spatial_diversity(refined, aggregation)[image], lambda mean: 1 - mean),
            (local[image], channel_diversity(local, 0.9)[image], lambda mean: max(0.9 - mean, 0)),
        ):
            shares = torch.softmax(features, dim=1)
            distances = [
                ((shares[a].sqrt() - shares[b].sqrt()).norm() / 2**0.5).item()
                for a, b in itertools.combinations(range(4), 2)
            ]
            assert found.item() == pytest.approx(value(sum(distances) / 6), abs=2e-6)


def test_sum_is_the_mean_at_another_temperature():
    refined = _random(2, 3, 6, 2, 2)
    torch.testing.assert_close(spatial_diversity(refined, "sum"), spatial_diversity(6 * refined, "mean"))


def test_the_order_of_parts_does_not_matter():
    refined = _random(2, 4, 6, 3, 3)
    mixed = refined[:, [2, 0, 3, 1]]
    torch.testing.assert_close(spatial_diversity(refined), spatial_diversity(mixed))
    local, mixed = refined.mean(dim=(3, 4)), mixed.mean(dim=(3, 4))
    torch.testing.assert_close(channel_diversity(local, LIMIT), channel_diversity(mixed, LIMIT))


@pytest.mark.parametrize("parts", [0, 1])
def test_without_pairs_they_are_nothing(parts):
    refined = _random(2, parts, 6, 3, 3)
    assert torch.equal(spatial_diversity(refined), torch.zeros(2, dtype=torch.float64))
    assert torch.equal(channel_diversity(refined.mean(dim=(3, 4)), LIMIT), torch.zeros(2, dtype=torch.float64))


@pytest.mark.parametrize("aggregation", ["mean", "sum"])
def test_gradients(aggregation):
    refined = _random(2, 3, 4, 2, 2).requires_grad_()
    assert torch.autograd.gradcheck(lambda maps: spatial_diversity(maps, aggregation), refined)
    local = _random(2, 3, 5, scale=0.3).requires_grad_()
    assert (channel_diversity(local, 1.0) > 0).all()
    assert torch.autograd.gradcheck(lambda features: channel_diversity(features, 1.0), local)


def test_gradients_are_finite_where_parts_are_equal_or_saturated():
    for start in (torch.ones(1, 3, 4, 2, 2), 1e4 * _random(1, 3, 4, 2, 2).float()):
        refined = start.clone().requires_grad_()
        (spatial_diversity(refined, "sum") + channel_diversity(refined.mean(dim=(3, 4)), 1.0)).sum().backward()
        assert torch.isfinite(refined.grad).all()
