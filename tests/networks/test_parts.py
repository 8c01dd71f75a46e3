"""The checks of the specification of ExchNet (2.10) that concern the network, anchors and exchanging."""

import inspect

import numpy as np
import pytest
import torch
from scipy import sparse
from torch import nn

from bitscape.networks import anchors as anchors_module
from bitscape.networks.anchors import class_anchors, exchange
from bitscape.networks.diversity import channel_diversity, spatial_diversity
from bitscape.networks.parts import PartsEncoder, ReducedParts, attend
from bitscape.networks.published import resnet_parts
from bitscape.networks.published.crops import centre_crop, draw_window, random_resized_crops
from bitscape.networks.published.resnet_parts import ResNetParts, attention_generator

KEPT, WIDTH, BITS = 6, 5, 8


def _random(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def _network(parts=4, seed=0):
    """Build a small network whose batch norms have seen something."""
    torch.manual_seed(seed)
    network = ReducedParts(10, KEPT, parts, WIDTH, BITS).double()
    network.represent(_random(30, KEPT, 3, 3, seed=seed + 1))
    return network.eval()


class Ones(nn.Module):
    """Attention that looks everywhere alike."""

    def __init__(self, parts):
        super().__init__()
        self.parts = parts

    def forward(self, maps):
        return torch.ones_like(maps[:, :1]).expand(-1, self.parts, -1, -1)


def test_shapes_are_those_of_the_papers_symbols():
    network = _network()
    found = network.represent(_random(7, KEPT, 3, 3))
    assert found.refined.shape == (7, 4, WIDTH, 3, 3)
    assert found.local.shape == (7, 4, WIDTH)
    assert found.whole.shape == (7, WIDTH)
    assert network.hash.weight.shape == (BITS, 5 * WIDTH)
    outputs = network(_random(7, KEPT, 3, 3))
    assert outputs.shape == (7, BITS)
    assert outputs.abs().max() < 1


def test_a_part_is_the_pooled_refined_product_of_maps_and_its_attention():
    network, maps = _network(), _random(2, KEPT, 3, 3)
    found, attention = network.represent(maps), network.attention(maps)
    assert (attention >= 0).all()
    for image in range(2):
        for part in range(4):
            weighed = torch.stack([maps[image, channel] * attention[image, part] for channel in range(KEPT)])
            refined = network.local(weighed[None])[0]
            torch.testing.assert_close(found.local[image, part], refined.mean(dim=(1, 2)))
        torch.testing.assert_close(found.whole[image], network.whole(maps[image : image + 1])[0].mean(dim=(1, 2)))
    layer = network.hash
    joined = torch.cat([*found.local.unbind(dim=1), found.whole], dim=1)
    torch.testing.assert_close(network(maps), torch.tanh(joined @ layer.weight.T + layer.bias))


def test_convolving_once_for_all_parts_is_the_same():
    for training in (True, False):
        network, maps = _network().train(training), _random(3, KEPT, 3, 3)
        attention = network.attention(maps)
        torch.testing.assert_close(network.refine(maps, attention), PartsEncoder.refine(network, maps, attention))
    assert attend(maps, attention).shape == (12, KEPT, 3, 3)


def test_attention_everywhere_and_equal_weights_make_parts_the_whole():
    network = _network()
    network.attention = Ones(4)
    network.local.load_state_dict(network.whole.state_dict())
    found = network.represent(_random(3, KEPT, 3, 3))
    for part in range(4):
        torch.testing.assert_close(found.local[:, part], found.whole)
    torch.testing.assert_close(spatial_diversity(found.refined), torch.ones(3, dtype=torch.float64))
    torch.testing.assert_close(channel_diversity(found.local, 0.4), torch.full((3,), 0.4, dtype=torch.float64))


def test_permuting_the_attentions_permutes_the_parts():
    network, maps, order = _network(), _random(3, KEPT, 3, 3), [2, 0, 3, 1]
    found, attention = network.represent(maps), network.attention
    network.attention = nn.Module()
    network.attention.forward = lambda maps: attention(maps)[:, order]
    mixed = network.represent(maps)
    torch.testing.assert_close(mixed.local, found.local[:, order])
    torch.testing.assert_close(spatial_diversity(mixed.refined), spatial_diversity(found.refined))
    torch.testing.assert_close(channel_diversity(mixed.local, 0.4), channel_diversity(found.local, 0.4))


def test_without_parts_the_whole_alone_is_left():
    network = _network(parts=0)
    maps = _random(3, KEPT, 3, 3)
    assert network.represent(maps).local.shape == (3, 0, WIDTH)
    pooled = network.whole(maps).mean(dim=(2, 3))
    torch.testing.assert_close(network(maps), torch.tanh(network.hash(pooled)))
    assert {name.split(".")[0] for name, _ in network.named_parameters()} == {"whole", "hash"}


def test_gradients():
    network = _network(parts=2)
    maps = _random(2, KEPT, 2, 2, seed=5).requires_grad_()
    assert torch.autograd.gradcheck(network, maps)
    local, whole = _random(2, 2, WIDTH).requires_grad_(), _random(2, WIDTH).requires_grad_()
    assert torch.autograd.gradcheck(network.code, (local, whole))


@pytest.mark.parametrize("kind", [ReducedParts, ResNetParts])
def test_the_test_time_pass_has_no_way_to_see_labels(kind):
    assert list(inspect.signature(kind.forward).parameters) == ["self", "features"]
    assert list(inspect.signature(kind.represent).parameters) == ["self", "features"]
    assert list(inspect.signature(kind.features).parameters) == ["self", "inputs"]


def test_a_code_does_not_depend_on_the_rest_of_the_batch():
    network, maps = _network(), _random(5, KEPT, 3, 3)
    alone = torch.cat([network(maps[i : i + 1]) for i in range(5)])
    torch.testing.assert_close(network(maps), alone)


def test_exchanging_keeps_all_or_gives_what_the_class_alone_decides():
    local, of_class = _random(6, 4, WIDTH), _random(3, 4, WIDTH, seed=1)
    anchors = of_class[[0, 1, 2, 0, 1, 2]]
    everything = torch.ones(6, 4, dtype=torch.bool)
    assert torch.equal(exchange(local, anchors, everything), local)
    swapped = exchange(local, anchors, ~everything)
    assert torch.equal(swapped[:3], swapped[3:])
    single = everything.clone()
    single[2, 1] = False
    changed = (exchange(local, anchors, single) != local).any(dim=2)
    assert torch.equal(changed, ~single)


def test_anchors_receive_no_gradient_and_kept_features_all_of_theirs():
    local, anchors = _random(2, 2, WIDTH).requires_grad_(), _random(2, 2, WIDTH, seed=1).requires_grad_()
    kept = torch.tensor([[True, False], [False, True]])
    exchange(local, anchors, kept).sum().backward()
    assert anchors.grad is None
    assert torch.equal(local.grad, kept[:, :, None].expand(-1, -1, WIDTH).double())


def test_anchors_are_class_means_and_add_up(monkeypatch):
    monkeypatch.setattr(anchors_module, "BLOCK", 4)
    network, maps = _network().float().train(), _random(13, KEPT, 3, 3).float()
    owners = np.random.default_rng(0).integers(0, 3, 13)
    labels = np.eye(5, dtype=np.float32)[owners]  # two classes have no photograph
    rows = np.delete(np.arange(13), [2, 7])
    buffers = {name: value.clone() for name, value in network.named_buffers()}
    anchors = class_anchors(network, maps.numpy(), rows, sparse.csr_array(labels))
    assert network.training
    assert all(torch.equal(value, buffers[name]) for name, value in network.named_buffers())
    local = network.eval().represent(maps).local.detach().numpy()
    for label in range(3):
        np.testing.assert_allclose(
            anchors[label], local[rows][owners[rows] == label].mean(axis=0), rtol=1e-4, atol=1e-6
        )
    assert (anchors[3:] == 0).all()
    counts = labels[rows].sum(axis=0)
    np.testing.assert_allclose(np.tensordot(counts, anchors, 1), local[rows].sum(axis=0), rtol=1e-4)


def test_a_photograph_counts_fully_in_each_of_its_classes():
    network, maps = _network().float(), _random(3, KEPT, 3, 3).float()
    shares = np.array([[1, 0], [0.5, 0.5], [0, 1]], dtype=np.float32)
    anchors = class_anchors(network, maps.numpy(), np.arange(3), sparse.csr_array(shares))
    local = network.represent(maps).local.detach().numpy()
    np.testing.assert_allclose(anchors, [local[:2].mean(axis=0), local[1:].mean(axis=0)], rtol=1e-4, atol=1e-6)


def test_the_published_attention_has_its_parameters():
    generator = attention_generator(4)
    assert sum(parameter.numel() for parameter in generator.parameters()) == 1_471_560
    attention = generator(torch.randn(2, 1024, 3, 3, generator=torch.Generator().manual_seed(0)))
    assert attention.shape == (2, 4, 3, 3)
    assert (attention >= 0).all()


def test_the_published_network_takes_stage_four_twice_from_the_same_weights(tmp_path):
    torch.manual_seed(1)
    source = resnet_parts.create_pretrained("resnet50", "random", "test", num_classes=0).eval()
    torch.save(source.state_dict(), tmp_path / "resnet50.pt")
    network = ResNetParts(4, 12)
    network.load(str(tmp_path / "resnet50.pt"))
    for name, weights in source.layer4.state_dict().items():
        assert torch.equal(network.whole.state_dict()[name], weights)
        assert torch.equal(network.local.state_dict()[name], weights)
    own = {parameter.data_ptr() for parameter in network.local.parameters()}
    assert not own & {parameter.data_ptr() for parameter in network.whole.parameters()}
    photographs = torch.randint(0, 256, (1, 3, 256, 256), dtype=torch.uint8)
    network.eval()
    with torch.inference_mode():
        found = network.represent(network.features(photographs))
        maps = network.trunk(network.features(photographs))
        torch.testing.assert_close(network.whole(maps), source.forward_features(network.features(photographs)))
        outputs = network(network.features(photographs))
    assert maps.shape == (1, 1024, 14, 14)
    assert found.refined.shape == (1, 4, 2048, 7, 7)
    assert network.hash.in_features == 10_240
    assert outputs.shape == (1, 12)
    groups = network.parameter_groups(0.5, 0.5)
    assert [group["lr"] for group in groups] == [1e-4]
    assert len(groups[0]["params"]) == len(list(network.parameters()))


def test_pixels_are_cropped_at_the_centre_and_normalised_for_imagenet():
    network = ResNetParts(1, 8)
    photographs = torch.randint(0, 256, (2, 3, 256, 256), dtype=torch.uint8)
    features = network.features(photographs)
    expected = (photographs[:, :, 16:240, 16:240] / 255 - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / (
        torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    )
    torch.testing.assert_close(features, expected)
    crops = network.augment(photographs)
    assert crops.shape == (2, 3, 224, 224)
    assert crops.dtype == torch.uint8
    assert torch.equal(centre_crop(crops, 224), crops)


def test_windows_fit_and_have_the_areas_and_shapes_asked_for():
    torch.manual_seed(0)
    windows = np.array([draw_window(256, 256) for _ in range(4000)])
    top, left, height, width = windows.T
    assert (windows >= 0).all()
    assert (top + height).max() <= 256
    assert (left + width).max() <= 256
    area, ratio = height * width / 256**2, width / height
    assert area.min() >= 0.075
    assert area.max() <= 1
    assert 0.73 < ratio.min() < 0.78
    assert 1.28 < ratio.max() < 1.37
    assert abs(np.log(ratio).mean()) < 0.02
    assert draw_window(1, 300) == (0, 149, 1, 1)  # nothing fits: the middle


def test_crops_of_one_colour_stay_it_and_half_are_mirrored():
    plain = torch.full((3, 3, 40, 40), 77, dtype=torch.uint8)
    assert torch.equal(random_resized_crops(plain, 24), torch.full((3, 3, 24, 24), 77, dtype=torch.uint8))
    ramp = torch.arange(40, dtype=torch.uint8).expand(400, 3, 40, 40)
    crops = random_resized_crops(ramp, 8).float()
    falling = (crops[:, 0, 0, 0] > crops[:, 0, 0, -1]).float().mean().item()
    assert falling == pytest.approx(0.5, abs=0.1)
