"""Where in a photograph to look: one weight per place, from what the channels have there on average and at most."""

import torch
from torch import Tensor, nn


def channel_statistics(maps: Tensor) -> Tensor:
    """Mean and maximum over the channels: (N, C, h, w) to (N, 2, h, w), the mean first."""
    return torch.cat([maps.mean(dim=1, keepdim=True), maps.amax(dim=1, keepdim=True)], dim=1)


class SpatialAttention(nn.Module):
    """A(x) = sigmoid(conv([mean_c x, max_c x])), one weight in (0, 1) for each place; the maps become A(x) x.

    ATH's attention (1.2 of its specification, the authors' code): a convolution without bias from two channels to one.
    That it is CBAM's spatial attention with a kernel of 3 in place of 7 and no residual connection is inferred.

    Args:
        kernel: side of the convolution, odd; 3 in the authors' code.
    """

    def __init__(self, kernel: int = 3) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(2, 1, kernel, padding=kernel // 2, bias=False)
        nn.init.xavier_normal_(self.convolution.weight)

    def weights(self, maps: Tensor) -> Tensor:
        """Compute A: (N, C, h, w) to (N, 1, h, w)."""
        return self.weights_of(channel_statistics(maps))

    def weights_of(self, statistics: Tensor) -> Tensor:
        """Compute A from (N, 2, h, w) statistics."""
        return torch.sigmoid(self.convolution(statistics))

    def forward(self, maps: Tensor) -> Tensor:
        """Weigh the places of (N, C, h, w) maps."""
        return self.weights(maps) * maps
