"""Fewer channels of the shared feature maps, so that methods with local features stay light."""

import torch
from torch import Tensor, nn

from bitscape.networks.encoder import Encoder


class ReducedEncoder(Encoder):
    """An encoder of feature maps whose channels are reduced by PCA of the training photographs' local descriptors.

    This is the project's, not any paper's: with 1,280 channels at 49 places, VLAD and attention on a CPU would cost
    ten times as much. Maps are centred, rotated to their principal axes, of which the first are kept, and scaled as
    a whole to unit mean square, so that initial weights of common size suit them.

    Args:
        channels: of the backbone's maps.
        kept: channels that are kept, at most `channels`.
    """

    mean: Tensor
    axes: Tensor

    def __init__(self, channels: int, kept: int) -> None:
        super().__init__()
        self.kept = min(kept, channels)
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("axes", torch.eye(self.kept, channels))

    def fit(self, maps: Tensor) -> None:
        """Find the principal axes of the local descriptors of (m, C, h, w) maps."""
        descriptors = maps.permute(0, 2, 3, 1).flatten(0, 2).double()
        mean = descriptors.mean(dim=0)
        centred = descriptors - mean
        _, axes = torch.linalg.eigh(centred.T @ centred / len(centred))
        kept = axes.flip(1)[:, : self.kept].T
        # The sign of an eigenvector is arbitrary; its largest entry is made positive.
        kept *= torch.sign(kept.gather(1, kept.abs().argmax(dim=1, keepdim=True)))
        scale = (centred @ kept.T).square().mean().sqrt().clamp(min=1e-12)
        self.mean.copy_(mean)
        self.axes.copy_(kept / scale)

    def fixed(self, maps: Tensor) -> Tensor:
        """Centre, rotate and scale: (N, C, h, w) to (N, kept, h, w)."""
        return nn.functional.conv2d(maps - self.mean[:, None, None], self.axes[:, :, None, None])
