import numpy as np
import pytest
import torch

from bitscape.networks.contrastive import nearest_codes
from bitscape.networks.graded import direction_gap, graded_similarity
from bitscape.networks.rotation import quantising_rotation

GENERATOR = torch.Generator().manual_seed(0)


def _batch(size=7, bits=16):
    outputs = torch.randn(size, bits, dtype=torch.float64, generator=GENERATOR)
    targets = torch.rand(size, size, dtype=torch.float64, generator=GENERATOR)
    targets = torch.where(targets < 0.5, 0.0, targets)
    return outputs, torch.maximum(targets, targets.T), ~torch.eye(size, dtype=torch.bool)


def test_codes_whose_hamming_distances_fit_cost_nothing():
    # Hadamard: distinct rows differ in half of their bits.
    pair = np.array([[1, 1], [1, -1]])
    codes = torch.from_numpy(np.kron(np.kron(pair, pair), pair)).double()
    loss = graded_similarity(3 * codes, torch.zeros(8, 8, dtype=torch.float64), ~torch.eye(8, dtype=torch.bool))
    assert loss.item() == pytest.approx(0)
    half = codes[:2].clone()
    half[1] = half[0]
    half[1, :2] *= -1  # a quarter of the bits: cosine 1 - 2 / 4
    targets = torch.full((2, 2), 0.5, dtype=torch.float64)
    assert graded_similarity(half, targets, ~torch.eye(2, dtype=torch.bool)).item() == pytest.approx(0)


@pytest.mark.parametrize("zeros", [0.0, 0.3, 1.0])
def test_it_is_the_weighted_mean_over_the_compared_pairs(zeros):
    outputs, targets, compared = _batch()
    compared[0] = False
    cosines = torch.corrcoef(torch.cat([outputs, -outputs], dim=1))[:7, :7]  # mean 0, so that it is the cosine
    total = weight = 0.0
    for i in range(1, 7):
        for j in range(7):
            if i != j:
                w = zeros if targets[i, j] == 0 else 1.0
                total, weight = total + w * (cosines[i, j] - targets[i, j]).item() ** 2, weight + w
    assert graded_similarity(outputs, targets, compared, zeros).item() == pytest.approx(total / weight)


def test_nothing_to_compare_costs_nothing():
    outputs, targets, compared = _batch()
    assert graded_similarity(outputs, targets, compared & False).item() == 0


def test_gradients():
    outputs, targets, compared = _batch()
    outputs.requires_grad_()
    assert torch.autograd.gradcheck(lambda f: graded_similarity(f, targets, compared, 0.5), outputs)
    codes = nearest_codes(outputs)
    assert torch.autograd.gradcheck(lambda f: direction_gap(f, codes), outputs)


def test_the_gap_of_directions_is_a_cosine_and_blind_to_length():
    outputs, _, _ = _batch()
    codes = nearest_codes(outputs)
    cosine = torch.nn.functional.cosine_similarity(outputs, codes)
    torch.testing.assert_close(direction_gap(5 * outputs, codes), (2 - 2 * cosine).mean())
    assert direction_gap(0.1 * codes, codes).item() == pytest.approx(0, abs=1e-12)
    single = torch.zeros(1, 16, dtype=torch.float64)
    single[0, 0] = 1.0
    assert direction_gap(single, nearest_codes(single)).item() == pytest.approx(2 - 2 / 4)


@pytest.mark.parametrize("bits", [6, 10])
def test_the_rotation_is_orthogonal_and_each_iteration_brings_codes_nearer(bits):
    vectors = np.random.default_rng(0).standard_normal((200, 6)) * np.array([5, 3, 2, 1, 1, 0.5])
    gaps = []
    for iterations in range(15):
        rotation = quantising_rotation(vectors, bits, np.random.default_rng(1), iterations)
        np.testing.assert_allclose(rotation.T @ rotation, np.eye(6), atol=1e-10)
        turned = vectors @ rotation.T
        gaps.append(np.sum((np.where(turned >= 0, 1, -1) - turned) ** 2))
    assert (np.diff(gaps) <= 1e-8).all()
    assert gaps[-1] < gaps[0]
