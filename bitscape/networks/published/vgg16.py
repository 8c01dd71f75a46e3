"""VGG-16 with timm's ImageNet weights: the trunk of BCDH's and RV-SSDH's networks from pixels."""

import torch
from torch import Tensor, nn

from bitscape.networks.backbones import create_pretrained

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of red, green and blue in [0, 1], as the weights want them


class VGG16(nn.Sequential):
    """VGG-16 up to relu5_3, or up to fc7 with dropout 0.5 after fc6 and fc7.

    Args:
        section: of `params.yaml`, for messages.
        fully: go on through pool5, fc6 and fc7, to (N, 4096) instead of (N, 512, h / 16, w / 16).
    """

    mean: Tensor
    std: Tensor

    def __init__(self, section: str, fully: bool = False) -> None:
        super().__init__(*_layers("random", section, fully))
        self.section, self.fully = section, fully
        for name, values in (("mean", MEAN), ("std", STD)):  # constants, which no file of weights has
            self.register_buffer(name, 255 * torch.tensor(values).view(3, 1, 1), persistent=False)

    def load(self, weights: str) -> None:
        """Take ImageNet weights.

        Args:
            weights: `hub`, `random` (all stays as it started), or a local file with timm's names.

        Raises:
            BitscapeError: if they are not to be had.
        """
        if weights != "random":
            self.load_state_dict(nn.Sequential(*_layers(weights, self.section, self.fully)).state_dict())

    def normalise(self, photographs: Tensor) -> Tensor:
        """Centre and scale (N, 3, h, w) RGB photographs of 0..255."""
        return (photographs.float() - self.mean) / self.std


def _layers(weights: str, section: str, fully: bool) -> list[nn.Module]:
    # timm's own dropout comes after fc6 (`pre_logits.drop`); its head, with the one after fc7, is left out.
    network = create_pretrained("vgg16", weights, section, num_classes=0, drop_rate=0.5)
    if fully:
        return [network.features, network.pre_logits, nn.Flatten(), nn.Dropout(0.5)]
    return list(network.features[:-1])
