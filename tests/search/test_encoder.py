import shutil

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import bitscape
from bitscape.core.params import Params
from bitscape.methods.base.registry import REGISTRY, create
from bitscape.search.encoder import PixelEncoder
from bitscape.search.project import bundle_of, choose
from tasks import encode, train
from tests.search.conftest import PARAMS

LEARNED = [name for name in REGISTRY if name not in ("lsh", "pcasign", "itq")]


class Head(nn.Module):
    """A method's own layers, from feature maps to outputs."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, maps: Tensor) -> Tensor:
        return self.network(self.network.fixed(maps))


@pytest.mark.parametrize("method", LEARNED)
def test_every_network_can_be_captured_for_any_number_of_photographs(method):
    torch.manual_seed(0)
    network = create(method, 16, Params()).network(32, 4)
    maps = torch.rand(6, 32, 7, 7)
    network.fit(maps)
    head = Head(network).eval()
    captured = torch.export.export(head, (maps[:2],), dynamic_shapes=({0: torch.export.Dim("n", min=1)},)).module()
    for count in (1, 6):
        torch.testing.assert_close(captured(maps[:count]), head(maps[:count]), atol=1e-4, rtol=1e-4)


def test_a_backbone_that_was_trained_along_travels_in_the_bundle(project, tmp_path):
    root = shutil.copytree(project, tmp_path / "project", ignore=shutil.ignore_patterns("bundles"))
    content = PARAMS.model_dump()
    content["train"]["common"]["frozen"] = False
    params = Params.model_validate(content)
    train.run(params, root, "dsah", 16)
    encode.run(params, root, "dsah", 16)
    bundle_of(root, choose(root, "dsah")).save(tmp_path / "bundle")
    loaded = bitscape.load(tmp_path / "bundle")
    assert isinstance(loaded.encoder, PixelEncoder)
    stage = np.load(root / "artifacts/encode/dsah-16/database.npy")
    outputs = loaded.encode([loaded.photographs / image for image in loaded.images])
    differ = np.unpackbits(np.packbits(outputs >= 0, axis=1) ^ stage, axis=1).astype(bool)
    assert np.abs(outputs[differ]).max(initial=0) < 1e-4
