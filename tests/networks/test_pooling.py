import numpy as np
import torch

from bitscape.networks.pooling import gem, unit_length

MAPS = torch.rand(3, 5, 4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) + 0.01


def test_gem_is_the_mean_at_power_one_and_nearly_the_maximum_at_a_large_one():
    torch.testing.assert_close(gem(MAPS, 1), MAPS.mean(dim=(-2, -1)))
    torch.testing.assert_close(gem(MAPS, 500), MAPS.amax(dim=(-2, -1)), rtol=0.01, atol=0)


def test_gem_is_the_formula():
    expected = np.cbrt((MAPS.numpy().reshape(3, 5, 24) ** 3).mean(axis=2))
    np.testing.assert_allclose(gem(MAPS).numpy(), expected, rtol=1e-12)


def test_gem_has_the_right_gradient():
    assert torch.autograd.gradcheck(gem, MAPS.clone().requires_grad_())


def test_unit_length_leaves_zero_alone():
    rows = unit_length(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
    torch.testing.assert_close(rows, torch.tensor([[0.6, 0.8], [0.0, 0.0]]))
