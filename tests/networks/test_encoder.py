import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from bitscape.networks.backbones import Backbone
from bitscape.networks.heads import LinearHash
from bitscape.networks.pooling import gem, unit_length
from bitscape.networks.reduction import ReducedEncoder

MAPS = torch.randn(40, 12, 3, 3, generator=torch.Generator().manual_seed(0)) * torch.arange(1, 13)[:, None, None] + 5


def test_reduction_is_the_pca_of_scikit_learn_up_to_sign_and_scale():
    reduced = ReducedEncoder(12, 4)
    reduced.fit(MAPS)
    local = MAPS.permute(0, 2, 3, 1).flatten(0, 2).numpy()
    theirs = PCA(4).fit_transform(local)
    ours = reduced.fixed(MAPS).permute(0, 2, 3, 1).flatten(0, 2).numpy()
    scale = np.sqrt(np.square(theirs).mean())
    signs = np.sign((ours * theirs).sum(axis=0))
    np.testing.assert_allclose(ours * signs, theirs / scale, atol=1e-3)
    assert np.square(ours).mean() == pytest.approx(1, abs=1e-3)


def test_reduction_keeps_no_more_than_there_is_and_is_saved_with_the_weights():
    reduced = ReducedEncoder(12, 99)
    reduced.fit(MAPS)
    again = ReducedEncoder(12, 99)
    again.load_state_dict(reduced.state_dict())
    assert torch.equal(again.fixed(MAPS), reduced.fixed(MAPS))
    assert reduced.fixed(MAPS).shape == (40, 12, 3, 3)


def test_an_attached_backbone_is_run_and_learns_at_its_own_rate_in_evaluation_mode():
    network = LinearHash(256, 8)
    assert len(network.parameter_groups(0.1, 0.5)) == 1
    pixels = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    backbone = Backbone("test_efficientnet", "random")
    with torch.inference_mode():
        expected = unit_length(gem(backbone(pixels)))
    network.attach(backbone, 64).train()
    assert not network.backbone.training
    torch.testing.assert_close(network.features(pixels), expected)
    own, deep = network.parameter_groups(0.1, 0.5)
    assert (own["lr"], deep["lr"]) == (0.1, pytest.approx(0.05))
    assert {id(p) for p in own["params"]} == {id(network.hash.weight), id(network.hash.bias)}
    network(network.features(pixels)).sum().backward()
    assert all(parameter.grad is not None for parameter in deep["params"])
