"""The residual block of ATH."""

import torch
from torch import Tensor, nn


def _convolution(channels: int, width: int, stride: int) -> list[nn.Module]:
    layer = nn.Conv2d(channels, width, 3, stride, padding=1, bias=False)
    nn.init.xavier_normal_(layer.weight)
    return [layer, nn.BatchNorm2d(width)]


class ResidualBlock(nn.Module):
    """ReLU(main + shortcut) of 3 x 3 convolutions without bias, each with a batch norm (1.2, the authors' code).

    The main path has two of them and a ReLU between. Where the shape changes, the shortcut has one as well (3 x 3, not
    1 x 1); else it is the identity. Xavier-normal start.

    Args:
        channels: of the input.
        width: of the output.
        stride: of the first convolution and the shortcut's.
    """

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        first, second = _convolution(channels, width, stride), _convolution(width, width, 1)
        self.main = nn.Sequential(*first, nn.ReLU(), *second)
        same = channels == width and stride == 1
        self.shortcut = nn.Sequential(*([] if same else _convolution(channels, width, stride)))

    def forward(self, maps: Tensor) -> Tensor:
        """Compute (N, width, h / stride, w / stride) maps, rounded up."""
        return torch.relu(self.main(maps) + self.shortcut(maps))
