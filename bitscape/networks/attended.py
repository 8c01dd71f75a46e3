"""ATH's attention and residual block on the shared backbone's feature maps."""

from torch import Tensor, nn

from bitscape.networks.attention import SpatialAttention
from bitscape.networks.reduction import ReducedEncoder
from bitscape.networks.residual import ResidualBlock
from bitscape.networks.twin import TwinEncoder


class AttendedEncoder(TwinEncoder):
    """Max pooling, attention, one residual block, average over all places, hash layer and class layer.

    The order of the layers is the published network's. What differs is this project's choice: the backbone has seen the
    photograph already, so that one residual block of three is left; channels are reduced by PCA; and the embedding is
    the mean over all places and not their list, because landmarks stand anywhere in a photograph, whereas fundus and
    chest images are aligned.

    Args:
        channels: of the backbone's maps.
        kept: channels that are kept of them.
        width: of the residual block.
        bits: code length.
        classes: at least 1.
        attention: weigh the places.
        max_pool: pool 3 x 3 places at stride 1 before that.
    """

    def __init__(
        self, channels: int, kept: int, width: int, bits: int, classes: int, attention: bool, max_pool: bool
    ) -> None:
        super().__init__(width, bits, classes)
        self.reduction = ReducedEncoder(channels, kept)
        self.pool = nn.MaxPool2d(3, 1, 1) if max_pool else nn.Identity()
        self.attention = SpatialAttention() if attention else nn.Identity()
        self.block = ResidualBlock(self.reduction.kept, width, 2)

    def fit(self, maps: Tensor) -> None:
        """Find the principal axes."""
        self.reduction.fit(maps)

    def fixed(self, maps: Tensor) -> Tensor:
        """Reduce and pool, which nothing trained comes before: (N, channels, h, w) to (N, kept, h, w)."""
        pooled: Tensor = self.pool(self.reduction.fixed(maps))
        return pooled

    def embed(self, features: Tensor) -> Tensor:
        """Compute (N, width) of (N, kept, h, w) maps."""
        embedding: Tensor = self.block(self.attention(features)).mean(dim=(2, 3))
        return embedding
