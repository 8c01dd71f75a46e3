"""ExchNet from pixels: ResNet-50, cut before its last stage, which refines parts and whole in two copies."""

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from bitscape.networks.backbones import create_pretrained
from bitscape.networks.parts import PartsEncoder
from bitscape.networks.published.crops import centre_crop, random_resized_crops

NAME = "resnet50.tv_in1k"  # torchvision's first ImageNet weights
SECTION = "train.methods.exchnet"
SIDE, CROP = 256, 224
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
STEM = ("conv1", "bn1", "act1", "maxpool", "layer1", "layer2", "layer3")
MAPS, WIDTH = 1024, 2048
RATE = 1e-4


class Bottleneck(nn.Module):
    """ReLU(x + BN(1x1(ReLU(BN(3x3(ReLU(BN(1x1(x)))))))), all of stride 1 and without biases.

    Args:
        channels: of input and output.
        middle: channels of the 3 x 3 convolution.
    """

    def __init__(self, channels: int, middle: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Conv2d(channels, middle, 1, bias=False), nn.BatchNorm2d(middle), nn.ReLU()),
            *(nn.Conv2d(middle, middle, 3, padding=1, bias=False), nn.BatchNorm2d(middle), nn.ReLU()),
            *(nn.Conv2d(middle, channels, 1, bias=False), nn.BatchNorm2d(channels)),
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Refine (N, channels, h, w) maps."""
        return torch.relu(maps + self.layers(maps))


def attention_generator(parts: int) -> nn.Sequential:
    """Attention as the re-implementations have it (2.2): three bottlenecks, reductions by 1 x 1, ReLU at the end alone.

    Convolutions start by Kaiming's normal distribution. The paper's own layers were not seen.

    Args:
        parts: M.

    Returns:
        From (N, 1024, h, w) to (N, M, h, w), at least 0 and unbounded; 1,471,560 parameters for four parts.
    """
    layers: list[nn.Module] = []
    for channels, middle, reduced in ((MAPS, 256, 256), (256, 64, 64), (64, 16, parts)):
        reduction = nn.Conv2d(channels, reduced, 1, bias=False)
        layers += [Bottleneck(channels, middle), reduction, nn.BatchNorm2d(reduced)]
    generator = nn.Sequential(*layers, nn.ReLU())
    for layer in generator.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return generator


class ResNetParts(PartsEncoder):
    """ResNet-50's stages 1 to 3, and its stage 4 twice: as GFR, and as LFR, an independent copy (2.2).

    The structure is the re-implementations'; that the paper has ResNet-50 at 224 pixels is from memory. Photographs are
    resized to a square of 256 pixels without cropping, where the re-implementations keep the shape and resize the
    shorter side; from it crops of random size, shape and mirroring are taken for training, and the centre else.

    Args:
        parts: M.
        bits: code length.
    """

    side = SIDE
    mean: Tensor
    std: Tensor

    def __init__(self, parts: int, bits: int) -> None:
        network = create_pretrained(NAME, "random", SECTION, num_classes=0)
        whole = network.layer4
        super().__init__(attention_generator(max(parts, 1)), deepcopy(whole), whole, parts, WIDTH, bits)
        self.stem = nn.Sequential(*(getattr(network, name) for name in STEM))
        self.register_buffer("mean", 255 * torch.tensor(MEAN).view(3, 1, 1))
        self.register_buffer("std", 255 * torch.tensor(STD).view(3, 1, 1))

    def load(self, weights: str) -> None:
        """Take ImageNet weights for all of ResNet-50, into both copies of stage 4.

        Args:
            weights: `hub`, `random` (both copies stay as they started), or a local file with timm's names.

        Raises:
            BitscapeError: if they are not to be had.
        """
        if weights == "random":
            return
        network = create_pretrained(NAME, weights, SECTION, num_classes=0)
        self.stem.load_state_dict(nn.Sequential(*(getattr(network, name) for name in STEM)).state_dict())
        for copy in (self.whole, self.local) if self.parts else (self.whole,):
            copy.load_state_dict(network.layer4.state_dict())

    def augment(self, inputs: Tensor) -> Tensor:
        """Crop, resize and mirror at random: (N, 3, 256, 256) to (N, 3, 224, 224) uint8."""
        return random_resized_crops(inputs, CROP)

    def features(self, inputs: Tensor) -> Tensor:
        """Crop the centre, if not cropped yet, and normalise as for ImageNet: (N, 3, 224, 224) float32."""
        return (centre_crop(inputs, CROP).float() - self.mean) / self.std

    def trunk(self, features: Tensor) -> Tensor:
        """Stages 1 to 3: (N, 3, 224, 224) to (N, 1024, 14, 14)."""
        maps: Tensor = self.stem(features)
        return maps

    def parameter_groups(self, rate: float, backbone_rate: float) -> list[dict[str, Any]]:
        """Train all at 1e-4, as the co-author's group did in 2023, whatever rates are given; the paper's is unknown."""
        return [{"params": list(self.parameters()), "lr": RATE}]
