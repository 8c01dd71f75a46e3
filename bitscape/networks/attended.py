"""ATH's attention and residual block on the shared backbone's feature maps."""

import torch
from torch import Tensor, nn

from bitscape.networks.attention import SpatialAttention, channel_statistics
from bitscape.networks.reduction import ReducedEncoder
from bitscape.networks.residual import ResidualBlock
from bitscape.networks.twin import TwinEncoder


class AttendedEncoder(TwinEncoder):
    """Max pooling, attention, one residual block, average over all places, hash layer and class layer.

    The order of the layers is the published network's. What differs is this project's choice: the backbone has seen the
    photograph already, so that one residual block of three is left; channels are reduced by PCA, after the attention
    has taken their mean and maximum, which mean nothing of principal components; and the embedding is the mean over all
    places and not their list, because landmarks stand anywhere in a photograph, whereas fundus and chest images are
    aligned.

    Args:
        channels: of the backbone's maps.
        kept: channels that are kept of them.
        width: of the residual block.
        bits: code length.
        classes: at least 1.
        attention: weigh the places.
        max_pool: pool 3 x 3 places at stride 1 before that.
    """

    centre: Tensor
    scale: Tensor

    def __init__(
        self, channels: int, kept: int, width: int, bits: int, classes: int, attention: bool, max_pool: bool
    ) -> None:
        super().__init__(width, bits, classes)
        self.reduction = ReducedEncoder(channels, kept)
        self.pool = nn.MaxPool2d(3, 1, 1) if max_pool else nn.Identity()
        self.attention = SpatialAttention() if attention else None
        self.block = ResidualBlock(self.reduction.kept, width, 2)
        self.register_buffer("centre", torch.zeros(1, 2, 1, 1))
        self.register_buffer("scale", torch.ones(()))

    def fit(self, maps: Tensor) -> None:
        """Find the principal axes, and where the statistics lie."""
        self.reduction.fit(maps)
        statistics = channel_statistics(self.pool(maps))
        self.centre.copy_(statistics.mean(dim=(0, 2, 3), keepdim=True))
        self.scale.copy_(statistics.square().mean().sqrt().clamp(min=1e-12))

    def fixed(self, maps: Tensor) -> Tensor:
        """Compute what nothing trained comes before.

        Returns:
            (N, kept, h, w) reduced and pooled maps of (N, channels, h, w); for the attention two more channels, the
            mean and the maximum of the pooled ones, centred and scaled.
        """
        reduced: Tensor = self.pool(self.reduction.fixed(maps))
        if self.attention is None:
            return reduced
        return torch.cat([reduced, (channel_statistics(self.pool(maps)) - self.centre) / self.scale], dim=1)

    def embed(self, features: Tensor) -> Tensor:
        """Compute (N, width) of what `fixed` gives."""
        if self.attention is not None:
            features = self.attention.weights_of(features[:, -2:]) * features[:, :-2]
        embedding: Tensor = self.block(features).mean(dim=(2, 3))
        return embedding
