"""RV-SSDH from pixels: VGG-16 up to conv5_3, or up to fc7 for SSDH, and a latent head."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from bitscape.networks.backbones import create_pretrained
from bitscape.networks.encoder import Encoder
from bitscape.networks.latent import LatentHead, caffe_groups
from bitscape.networks.published.crops import centre_crop, random_crops

NAME, SECTION = "vgg16", "train.methods.rvssdh"
SIDE, CROP = 256, 224
CHANNELS, WIDTH = 512, 4096  # of conv5_3, and of fc6 and fc7
RATE, NEW = 1e-3, 10.0  # SSDH's learning rate, and what it is multiplied by in new layers


class VGGLatent(Encoder):
    """VGG-16 and a latent head, all of it a reconstruction: RV-SSDH's backbone, tap and crops are unknown.

    From SSDH's configuration: photographs at 256 pixels, random crops and mirroring for training, the centre else. Here
    crops are of 224 pixels, as VGG-16 has them (SSDH's, for AlexNet, 227), photographs are warped to the square, and
    values are normalised as timm's weights want them, where SSDH subtracts the mean image of ImageNet for Caffe's.

    Args:
        fully: go on through pool5, fc6 and fc7, with dropout 0.5 after both (SSDH's VGG-16), to (N, 4096) instead of
            (N, 512, 14, 14).
        make_head: builds the head of the trunk's output; the head's pooling takes that.

    Attributes:
        trunk: all that ImageNet weights are for.
    """

    side = SIDE
    trained = ("classify",)
    mean: Tensor
    std: Tensor

    def __init__(self, fully: bool, make_head: Callable[[], LatentHead]) -> None:
        super().__init__()
        self.fully, self.trunk, self.head = fully, _trunk("random", fully), make_head()
        self.register_buffer("mean", 255 * torch.tensor((0.485, 0.456, 0.406)).view(3, 1, 1))
        self.register_buffer("std", 255 * torch.tensor((0.229, 0.224, 0.225)).view(3, 1, 1))

    def load(self, weights: str) -> None:
        """Take ImageNet weights.

        Args:
            weights: `hub`, `random` (all stays as it started), or a local file with timm's names.

        Raises:
            BitscapeError: if they are not to be had.
        """
        if weights != "random":
            self.trunk.load_state_dict(_trunk(weights, self.fully).state_dict())

    def augment(self, inputs: Tensor) -> Tensor:
        """Crop 224 pixels at random of each of (N, 3, 256, 256), and mirror one in two."""
        return random_crops(inputs, CROP)

    def features(self, inputs: Tensor) -> Tensor:
        """Crop the centre, if not cropped yet, and normalise: (N, 3, 224, 224) float32."""
        return (centre_crop(inputs, CROP).float() - self.mean) / self.std

    def maps(self, features: Tensor) -> Tensor:
        """Run the trunk, to conv5_3 after its ReLU, (N, 512, 14, 14), or to fc7, (N, 4096)."""
        maps: Tensor = self.trunk(features)
        return maps

    def forward(self, features: Tensor) -> Tensor:
        """Compute (N, bits) values z of (N, 3, 224, 224) photographs."""
        outputs: Tensor = self.head(self.trunk(features))
        return outputs

    def classify(self, relaxed: Tensor) -> Tensor:
        """Compute (N, classes) logits of the (N, bits) sigmoids."""
        logits: Tensor = self.head.classifier(relaxed)
        return logits

    def parameter_groups(self, rate: float, backbone_rate: float) -> list[dict[str, Any]]:
        """Train pretrained layers at 1e-3 and new ones at ten times that, whatever rates are given (B.2, B.4.5).

        Of SSDH's new layers only the classifier has ten times the rate, as in its configuration.
        """
        new = "head.classifier." if self.fully else "head."
        named = list(self.named_parameters())
        old = [(name, one) for name, one in named if not name.startswith(new)]
        return caffe_groups(old, RATE) + caffe_groups([pair for pair in named if pair[0].startswith(new)], NEW * RATE)


def _trunk(weights: str, fully: bool) -> nn.Sequential:
    # timm's own dropout comes after fc6 (`pre_logits.drop`); its head, with the one after fc7, is left out.
    network = create_pretrained(NAME, weights, SECTION, num_classes=0, drop_rate=0.5)
    if fully:
        return nn.Sequential(network.features, network.pre_logits, nn.Flatten(), nn.Dropout(0.5))
    return nn.Sequential(*network.features[:-1])
