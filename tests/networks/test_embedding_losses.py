"""The checks of the losses in the specification of ATH (1.3 and 1.10)."""

import numpy as np
import pytest
import torch

from bitscape.networks.embedding_losses import circle, focal, pairwise, squared_distance, triplet

GENERATOR = torch.Generator().manual_seed(0)
ISEE = np.array([720, 270, 450, 790, 7770]) / 10_000  # shares of the classes


def _codes(number=3, rows=4, bits=6):
    return [torch.randn(rows, bits, dtype=torch.float64, generator=GENERATOR).requires_grad_() for _ in range(number)]


@pytest.mark.parametrize("distance", ["mean", "sum"])
def test_equal_outputs_cost_the_margin_and_have_no_gradient(distance):
    codes = [torch.full((10, 36), 0.3, requires_grad=True) for _ in range(3)]
    loss = triplet(*codes, 18.0, distance)
    loss.backward()
    assert loss.item() == 18.0
    assert all(torch.equal(code.grad, torch.zeros(10, 36)) for code in codes)


def test_negatives_beyond_the_margin_cost_nothing():
    query, positive, direction = _codes()
    near = squared_distance(query, positive, "mean")
    far = direction * ((2.0 + near) / direction.square().mean(dim=1)).sqrt()[:, None]
    assert triplet(query, positive, query + 1.0001 * far, 2.0).item() == 0
    assert triplet(query, positive, query + 0.99 * far, 2.0).item() > 0


def test_a_constant_added_to_all_outputs_changes_nothing():
    codes, shift = _codes(), torch.randn(6, dtype=torch.float64, generator=GENERATOR)
    torch.testing.assert_close(triplet(*(code + shift for code in codes), 3.0), triplet(*codes, 3.0))


@pytest.mark.parametrize("distance", ["mean", "sum"])
def test_a_factor_scales_distances_by_its_square(distance):
    left, right, _ = _codes()
    scaled = squared_distance(3 * left, 3 * right, distance)
    torch.testing.assert_close(scaled, 9 * squared_distance(left, right, distance))


def test_the_sum_is_four_times_the_hamming_distance_of_codes():
    left, right = (torch.sign(code) for code in _codes(2, bits=64))
    differing = (left != right).sum(dim=1).double()
    assert torch.equal(squared_distance(left, right, "sum"), 4 * differing)
    assert torch.equal(squared_distance(left, right, "mean"), differing / 16)


def test_on_codes_the_mean_never_meets_the_margin_of_more_than_8_bits():
    code = torch.ones(1, 36)
    assert triplet(code, code, -code, 18.0).item() == 14.0


def test_the_triplet_loss_is_the_formula():
    query, positive, negative = (code.detach().numpy() for code in _codes())
    rows = zip(query, positive, negative, strict=True)
    expected = np.mean([max(0, 1.5 - np.mean((q - n) ** 2) + np.mean((q - p) ** 2)) for q, p, n in rows])
    assert triplet(*map(torch.from_numpy, (query, positive, negative)), 1.5).item() == pytest.approx(expected)


def test_collapsed_codes_have_the_pairwise_loss_of_the_authors_log():
    code = torch.sign(torch.randn(1, 36, generator=GENERATOR))
    dissimilar = 1 - (ISEE**2).sum()
    assert dissimilar == pytest.approx(0.382, abs=5e-4)
    costs = [pairwise(code, code, torch.tensor([similar]), 18.0).item() for similar in (0.0, 1.0)]
    assert dissimilar * costs[0] + (1 - dissimilar) * costs[1] == pytest.approx(3.44, abs=5e-3)


def test_single_batches_of_ten_collapsed_pairs_are_multiples_of_0_9():
    codes = torch.ones(10, 36)
    for number in range(11):
        similar = (torch.arange(10) >= number).float()
        assert pairwise(codes, codes, similar, 18.0).item() == pytest.approx(0.9 * number)


def test_the_pairwise_regulariser_is_the_distance_of_magnitudes_to_one():
    codes, ones = torch.full((2, 4), 3.0), torch.ones(2)
    assert pairwise(codes, codes, ones, 1.0).item() == pytest.approx(0.01 * (2 + 2))


@pytest.mark.parametrize("margin", [0.1, 50.0])
def test_gradients_of_triplet_and_pairwise(margin):
    similar = torch.tensor([1.0, 0, 1, 0], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda *codes: triplet(*codes, margin), _codes())
    assert torch.autograd.gradcheck(lambda *codes: pairwise(*codes, similar, margin), _codes(2))


def test_the_circle_loss_is_its_formula():
    near, far = (np.random.default_rng(seed).uniform(-1, 1, (4, size)) for seed, size in ((0, 2), (1, 3)))
    pull = np.exp(-3 * np.maximum(0, 1.25 - near) * (near - 0.75)).sum(axis=1)
    push = np.exp(3 * np.maximum(0, far + 0.25) * (far - 0.25)).sum(axis=1)
    found = circle(torch.from_numpy(near), torch.from_numpy(far), scale=3.0)
    assert found.item() == pytest.approx(np.log(1 + pull * push).mean())


def test_the_circle_loss_is_finite_where_its_exponentials_are_not():
    worst = circle(torch.full((1, 1), -1.0), torch.full((1, 1), 1.0), scale=1000.0)
    assert worst.item() == pytest.approx(1000 * (2.25 * 1.75 + 1.25 * 0.75), rel=1e-6)


def test_gradients_of_the_circle_and_focal_losses():
    cosines = [torch.tanh(code).detach().requires_grad_() for code in _codes(2)]
    assert torch.autograd.gradcheck(circle, cosines)
    targets = torch.softmax(_codes(1)[0].detach(), dim=1)
    assert torch.autograd.gradcheck(lambda logits: focal(logits, targets, 2.0), _codes(1))


def test_the_focal_loss_is_its_formula():
    logits, targets = torch.randn(5, 3, generator=GENERATOR), torch.eye(3)[[0, 1, 2, 2, 1]]
    torch.testing.assert_close(focal(logits, targets, 0.0), torch.nn.functional.cross_entropy(logits, targets))
    alpha = np.array([0.2, 0.4, 0.15])
    share = np.exp(logits.double().numpy()) / np.exp(logits.double().numpy()).sum(axis=1, keepdims=True)
    own = [0, 1, 2, 2, 1]
    p = share[np.arange(5), own]
    expected = (-alpha[own] * (1 - p) ** 2 * np.log(p)).mean()
    assert focal(logits, targets, 2.0, torch.tensor(alpha)).item() == pytest.approx(expected, rel=1e-6)


def test_the_focal_loss_of_a_certain_class_has_a_finite_gradient():
    logits = torch.tensor([[200.0, 0.0]], requires_grad=True)
    focal(logits, torch.tensor([[1.0, 0.0]]), 0.5).backward()
    assert torch.isfinite(logits.grad).all()
