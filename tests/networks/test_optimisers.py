from copy import deepcopy

import numpy as np
import torch

from bitscape.networks.optimisers import TensorFlowAdam


def _tensorflow(gradients, rate, epsilon):
    """Follow the formula in TensorFlow's documentation."""
    value = first = second = 0.0
    for step, gradient in enumerate(gradients, start=1):
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        corrected = rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        value -= corrected * first / (np.sqrt(second) + epsilon)
    return value


def test_steps_equal_tensorflows_formula_also_with_epsilon_one():
    gradients = np.random.default_rng(0).standard_normal(20) * 0.1
    for epsilon in (1.0, 1e-8):
        weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        optimiser = TensorFlowAdam([weight], lr=0.01, eps=epsilon)
        for gradient in gradients:
            weight.grad = torch.tensor([gradient])
            optimiser.step()
        np.testing.assert_allclose(weight.item(), _tensorflow(gradients, 0.01, epsilon), rtol=1e-10)


def test_the_rate_falls_by_stairs():
    weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimiser = TensorFlowAdam([weight], lr=0.5, eps=1.0, decay=0.9, decay_steps=3)
    rates = []
    for _ in range(7):
        weight.grad = torch.ones(1, dtype=torch.float64)
        optimiser.step()
        rates.append(optimiser.param_groups[0]["lr"])
    np.testing.assert_allclose(rates, [0.5] * 3 + [0.45] * 3 + [0.405])


def test_torchs_own_epsilon_is_about_31_times_larger_at_the_first_step():
    steps = []
    for kind in (TensorFlowAdam, torch.optim.Adam):
        weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        optimiser = kind([weight], lr=1.0, eps=1.0)
        weight.grad = torch.tensor([1e-4], dtype=torch.float64)
        optimiser.step()
        steps.append(weight.item())
    np.testing.assert_allclose(steps[1] / steps[0], 1 / np.sqrt(0.001), rtol=1e-2)


def test_with_epsilon_one_the_steps_warm_up_as_the_specification_says():
    weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimiser = TensorFlowAdam([weight], lr=1.0, eps=1.0)
    values = [0.0]
    for _ in range(1000):
        weight.grad = torch.tensor([1e-6], dtype=torch.float64)
        optimiser.step()
        values.append(weight.item())
    factors = -np.diff(values) / 1e-6
    np.testing.assert_allclose(factors[[0, 199, 999]], [0.03, 0.43, 0.80], atol=0.006)


def test_a_restored_optimiser_goes_on_as_the_first_one():
    gradients = torch.randn(8, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))

    def take(optimiser, weight, chosen):
        for gradient in chosen:
            weight.grad = gradient.clone()
            optimiser.step()

    def make(start):
        weight = start.clone().requires_grad_()
        return weight, TensorFlowAdam([weight], lr=0.1, eps=1.0, decay=0.5, decay_steps=3)

    weight, optimiser = make(torch.zeros(3, dtype=torch.float64))
    take(optimiser, weight, gradients[:5])
    again, restored = make(weight.detach())
    restored.load_state_dict(deepcopy(optimiser.state_dict()))
    take(optimiser, weight, gradients[5:])
    take(restored, again, gradients[5:])
    assert torch.equal(weight, again)
