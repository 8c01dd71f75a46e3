"""The network of DSAH from pixels: VGG-19 up to fc7, and the head."""

from typing import Literal

import torch
from torch import Tensor, nn

from bitscape.networks.backbones import create_pretrained
from bitscape.networks.encoder import Encoder
from bitscape.networks.heads import tanh_pair

MEANS = (103.939, 116.779, 123.68)  # of blue, green and red, as the authors subtract them
WIDTH = 4096  # of fc6 and fc7


class VGG19(nn.Module):
    """VGG-19 from photographs to fc7 after its ReLU, all layers trainable (A.3; the authors' code).

    It reads blue, green and red in 0..255 less their means, as the authors' `vgg19.npy` does. Those weights are not to
    be had from timm, whose VGG-19 (torchvision's training) reads RGB in [0, 1], normalised. Its first layer is
    therefore rewritten to read the authors' values: it gives what it gave before, but for the photograph's outermost
    pixels, where padding with zeros now means other means (at most 0.009 deviations from before).

    Args:
        weights: `hub`, `random` or a local file with timm's names, see `create_pretrained`.
        reads: what the weights were trained on: `rgb` in [0, 1] and normalised (timm's), or `bgr` less the means (a
            local file converted from Caffe's weights), which are left as they are.
        dropout: after fc6 and after fc7; 0.5 in the authors' code.
        section: of `params.yaml`, for messages.
    """

    def __init__(self, weights: str, reads: Literal["rgb", "bgr"], dropout: float, section: str) -> None:
        super().__init__()
        # timm's own dropout comes after fc6 (`pre_logits.drop`); its head, with the one after fc7, is left out.
        self.network = create_pretrained("vgg19", weights, section, num_classes=0, drop_rate=dropout)
        self.dropout = nn.Dropout(dropout)
        if reads == "rgb":
            read_bgr(self.network.features[0], self.network.default_cfg["mean"], self.network.default_cfg["std"])

    def forward(self, photographs: Tensor) -> Tensor:
        """Compute (N, 4096) relu7 of (N, 3, side, side) uint8 RGB photographs, 224 pixels as published."""
        means = torch.tensor(MEANS, device=photographs.device).view(1, 3, 1, 1)
        maps = self.network.features(photographs.flip(1).float() - means)
        relu7: Tensor = self.dropout(self.network.pre_logits(maps).flatten(1))
        return relu7


class VGGTanhPair(Encoder):
    """VGG-19 and DSAH's head, from pixels to (N, bits) outputs in (-1, 1), without augmentation.

    Args:
        bits: code length.
        width: of the layer between fc7 and the bits; 1000 in the authors' code.
        deviation: of the head's truncated normal start; 0.001 in the authors' code.
        body: VGG-19.
    """

    side = 224

    def __init__(self, bits: int, width: int, deviation: float, body: VGG19) -> None:
        super().__init__()
        self.body, self.hash = body, tanh_pair(WIDTH, bits, width, deviation)

    def forward(self, features: Tensor) -> Tensor:
        """Compute outputs of (N, 3, 224, 224) uint8 RGB photographs."""
        outputs: Tensor = self.hash(self.body(features))
        return outputs


def read_bgr(layer: nn.Conv2d, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
    """Rewrite a convolution of normalised RGB so that it reads BGR in 0..255 less `MEANS`, and gives the same maps.

    Args:
        layer: whose weights are changed in place.
        mean: that was subtracted of RGB in [0, 1].
        std: that it was then divided by.
    """
    shift = (torch.tensor(MEANS).flip(0) / 255 - torch.tensor(mean)) / torch.tensor(std)
    with torch.no_grad():
        if layer.bias is not None:
            layer.bias += layer.weight.sum(dim=(2, 3)) @ shift
        layer.weight.copy_((layer.weight / (255 * torch.tensor(std).view(1, 3, 1, 1))).flip(1))
