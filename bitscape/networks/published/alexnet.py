"""The network of DSRH from pixels: the one-GPU AlexNet of cuda-convnet2 and a hash layer on its two top layers."""

from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from bitscape.core.errors import BitscapeError
from bitscape.networks.backbones import load_weights
from bitscape.networks.bypass import Bypass, BypassLayers
from bitscape.networks.chosen import Readable
from bitscape.networks.encoder import Encoder
from bitscape.networks.published.crops import centre_crop, random_crops

SIDE, CROP = 256, 224
BLOCK = 256  # photographs that are read at once
WIDTH = 4096  # of FCa and FCb
SMALLEST_DIVISOR = 2.0  # minDiv of the response normalisation
POWER = 0.75
STD = (0.229, 0.224, 0.225)  # of the RGB transform of torchvision's weights, for values in [0, 1]
HUB = "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth"  # torchvision's AlexNet, IMAGENET1K_V1
RATE = 1e-4  # of weights from conv1 to FCb; that of each bias is twice that of its weights
RATE_FROM_FCB, RATE_FROM_FCA = 1e-3, 2.5e-4  # of the hash layer's weights, in the first half


def _normalisation() -> nn.LocalResponseNorm:
    # Scale 1e-4 over 5 maps: both cuda-convnet2 and torch divide it by the size.
    return nn.LocalResponseNorm(5, alpha=1e-4, beta=POWER, k=SMALLEST_DIVISOR)


def _pool() -> nn.MaxPool2d:
    return nn.MaxPool2d(3, 2, ceil_mode=True)


class AlexNet(Encoder):
    """AlexNet as the official configuration of DSRH has it (2.3), from 256 x 256 pixels.

    Sizes are those of cuda-convnet2, which rounds up: 55, 27, 13, 6. conv1 has no padding, so that its last window
    reaches 3 pixels beyond the photograph; the maps of conv1 and conv5 are pooled before their ReLU. Crops of 224 are
    drawn at random and mirrored for training, and taken from the centre else; the training photographs' mean image is
    subtracted (official code). That photographs are warped to the square and not cropped is a proposal: the code has
    both. That the mean image's centre is subtracted from every crop is inferred.

    Values are then divided by 255 `STD`, as torchvision's weights want them. Its AlexNet has the same widths, but no
    response normalisation and a conv1 that starts 2 pixels further out. The normalisation divides small values by
    2^0.75; weights of the layers that follow it are multiplied by that when torchvision's are loaded, so that the
    network starts from the features these weights were trained for (this project's proposal).

    Args:
        bits: code length.
        bypass: what the hash layer sees.
        dropout: 0.5 in the official configuration.
        width: of FCa and FCb.
    """

    side = SIDE
    mean: Tensor
    spread: Tensor

    def __init__(self, bits: int, bypass: Bypass = "both", dropout: float = 0.5, width: int = WIDTH) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 11, stride=4)
        self.conv2 = nn.Conv2d(64, 192, 5, padding=2)
        self.conv3 = nn.Conv2d(192, 384, 3, padding=1)
        self.conv4 = nn.Conv2d(384, 256, 3, padding=1)
        self.conv5 = nn.Conv2d(256, 256, 3, padding=1)
        self.layers = BypassLayers(256 * 6 * 6, width, bits, dropout, bypass)
        self.register_buffer("mean", torch.zeros(3, CROP, CROP))
        self.register_buffer("spread", 255 * torch.tensor(STD).view(3, 1, 1))

    @property
    def trunk(self) -> nn.Sequential:
        """Give conv1 to pool3 in their order, (N, 3, 224, 224) to (N, 256, 6, 6)."""
        first = [nn.ZeroPad2d((0, 3, 0, 3)), self.conv1, _normalisation(), _pool(), nn.ReLU()]
        second = [self.conv2, nn.ReLU(), _normalisation(), _pool()]
        third = [self.conv3, nn.ReLU(), self.conv4, nn.ReLU(), self.conv5, _pool(), nn.ReLU()]
        return nn.Sequential(*first, *second, *third)

    def take_inputs(self, pixels: Readable) -> None:
        """Take the mean image from the (n, 3, 256, 256) uint8 training photographs."""
        total: Any = sum(
            pixels[start : start + BLOCK].sum(axis=0, dtype=np.float64) for start in range(0, len(pixels), BLOCK)
        )
        self.mean.copy_(centre_crop(torch.from_numpy(total / len(pixels)), CROP))

    def load(self, weights: str) -> Self:
        """Load ImageNet weights from conv1 to FCb, all that torchvision's AlexNet and this have in common.

        Args:
            weights: `hub` (torchvision's own, downloaded), `random`, or a local file with torchvision's names.

        Raises:
            BitscapeError: if they are not to be had.
        """
        if weights == "random":
            return self
        convolutions = {"0": self.conv1, "3": self.conv2, "6": self.conv3, "8": self.conv4, "10": self.conv5}
        layers = {"1": self.layers.fca, "4": self.layers.fcb}
        named = nn.ModuleDict({"features": nn.ModuleDict(convolutions), "classifier": nn.ModuleDict(layers)})
        if weights == "hub":
            try:
                state = torch.hub.load_state_dict_from_url(HUB, map_location="cpu", check_hash=True)
            except (OSError, RuntimeError) as error:
                raise BitscapeError(
                    f"train.methods.dsrh.weights: {HUB} cannot be fetched ({str(error)[:120]}); "
                    "name a local file instead."
                ) from None
            named.load_state_dict(state, strict=False)
        else:
            load_weights(named, Path(weights), "train.methods.dsrh")
        with torch.no_grad():
            for layer in (self.conv2, self.conv3):
                layer.weight.mul_(SMALLEST_DIVISOR**POWER)
        return self

    def augment(self, inputs: Tensor) -> Tensor:
        """Crop 224 pixels at random of each of (N, 3, 256, 256), and mirror one in two."""
        return random_crops(inputs, CROP)

    def features(self, inputs: Tensor) -> Tensor:
        """Crop the centre, if not cropped yet, subtract the mean image, scale: (N, 3, 224, 224) float32."""
        return (centre_crop(inputs, CROP).float() - self.mean) / self.spread

    def forward(self, features: Tensor) -> Tensor:
        """Compute (N, bits) outputs z of (N, 3, 224, 224) photographs."""
        outputs: Tensor = self.layers(self.trunk(features).flatten(1))
        return outputs

    def parameter_groups(self, rate: float, backbone_rate: float) -> list[dict[str, Any]]:
        """Group parameters by the official configuration's rates, whatever rates are given.

        Weight decay is on weights alone, as cuda-convnet2 has it (inferred; the specification says `beta/2 |W|^2`).
        """
        from_fcb, from_fca, bias = self.layers.hash_parameters()
        hashing = {id(parameter) for parameter in (from_fcb, from_fca, bias)}
        others = [(name, one) for name, one in self.named_parameters() if id(one) not in hashing]
        weights = [one for name, one in others if name.endswith("weight")]
        biases = [one for name, one in others if name.endswith("bias")]
        return [
            {"params": weights, "lr": RATE, "falls": False},
            {"params": biases, "lr": 2 * RATE, "weight_decay": 0.0, "falls": False},
            {"params": [from_fcb], "lr": RATE_FROM_FCB, "falls": True},
            {"params": [from_fca], "lr": RATE_FROM_FCA, "falls": True},
            {"params": [bias], "lr": 2 * RATE_FROM_FCB, "weight_decay": 0.0, "falls": True},
        ]
