"""The network of ATH from pixels."""

import torch
from torch import Tensor, nn

from bitscape.networks.attention import SpatialAttention
from bitscape.networks.residual import ResidualBlock
from bitscape.networks.twin import TwinEncoder

SIDE = 256
REDUCTION = 8  # three strides of two, to one channel
HALF_RANGE = 127.5  # of pixel values


class ATHNet(TwinEncoder):
    """ATHNet as coded by the authors (1.2 of the specification), without any pretraining.

    Residual block 3 to 16, max pooling, attention, residual block 16 to 8, average pooling, residual block 8 to 1, each
    block at stride 2 and each pooling of 3 x 3 at stride 1; the list of all places feeds both layers. Values stay in
    0..255 and channels are blue, green, red, as OpenCV reads them. At 256 pixels it has 6,369 + 1,025 (bits + classes)
    parameters. That the abstract's "max-pooling" is the one before the attention is inferred. The authors resize by
    OpenCV's bilinear rule; photographs come here as all of this project do, resized by Pillow.

    The authors encode queries, positives and negatives apart, so that each third has batch statistics of its own, and
    never leave training mode, so that their codes depend on the batch. Here codes are of evaluation mode.

    Args:
        bits: code length.
        classes: at least 1.
        side: pixels, a multiple of 8; 256 in the authors' code.
        attention: weigh the places.
        max_pool: pool before that.
        normalise: bring values to [-1, 1]; not the authors', who leave them as they are.
    """

    def __init__(
        self,
        bits: int,
        classes: int,
        side: int = SIDE,
        attention: bool = True,
        max_pool: bool = True,
        normalise: bool = False,
    ) -> None:
        super().__init__((side // REDUCTION) ** 2, bits, classes)
        self.side, self.normalise = side, normalise
        self.first = nn.Sequential(ResidualBlock(3, 16, 2), nn.MaxPool2d(3, 1, 1) if max_pool else nn.Identity())
        self.attention = SpatialAttention() if attention else nn.Identity()
        self.second = nn.Sequential(ResidualBlock(16, 8, 2), nn.AvgPool2d(3, 1, 1))
        self.dense = ResidualBlock(8, 1, 2)

    def prepare(self, pixels: Tensor) -> Tensor:
        """Turn (N, 3, side, side) uint8 RGB into floats of channels blue, green, red."""
        values = pixels.flip(1).to(self.hash.weight.dtype)
        return values / HALF_RANGE - 1 if self.normalise else values

    def look(self, pixels: Tensor) -> Tensor:
        """Compute where it looks: (N, 1, side / 2, side / 2) weights in (0, 1); all 1 without attention."""
        maps = self.first(self.prepare(pixels))
        if isinstance(self.attention, SpatialAttention):
            return self.attention.weights(maps)
        return torch.ones_like(maps[:, :1])

    def embed(self, features: Tensor) -> Tensor:
        """Compute (N, (side / 8)^2) of (N, 3, side, side) uint8 RGB pixels."""
        attended = self.attention(self.first(self.prepare(features)))
        return self.dense(self.second(attended)).flatten(1)
