"""RV-SSDH from pixels: VGG-16 up to conv5_3, or up to fc7 for SSDH, and a latent head."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from bitscape.networks.encoder import Encoder
from bitscape.networks.latent import LatentHead, caffe_groups
from bitscape.networks.published.crops import centre_crop, random_crops
from bitscape.networks.published.vgg16 import VGG16

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

    def __init__(self, fully: bool, make_head: Callable[[], LatentHead]) -> None:
        super().__init__()
        self.fully, self.trunk, self.head = fully, VGG16("train.methods.rvssdh", fully), make_head()

    def load(self, weights: str) -> None:
        """Take ImageNet weights, see `VGG16.load`."""
        self.trunk.load(weights)

    def augment(self, inputs: Tensor) -> Tensor:
        """Crop 224 pixels at random of each of (N, 3, 256, 256), and mirror one in two."""
        return random_crops(inputs, CROP)

    def features(self, inputs: Tensor) -> Tensor:
        """Crop the centre, if not cropped yet, and normalise: (N, 3, 224, 224) float32."""
        return self.trunk.normalise(centre_crop(inputs, CROP))

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
