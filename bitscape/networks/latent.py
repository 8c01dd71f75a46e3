"""SSDH's latent layer of sigmoids, whose bits are also what a classifier sees, on whatever pools feature maps."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bitscape.networks.chosen import Readable
from bitscape.networks.reduction import ReducedEncoder
from bitscape.networks.vlad import VLAD

IMAGES, EACH = 500, 100  # photographs, and descriptors of each, that NetVLAD's code starts from


@dataclass(frozen=True)
class Start:
    """Deviations of normal weights, and the latent layer's bias, at the start."""

    latent: float
    bias: float
    classifier: float


ALEXNET = Start(latent=0.01, bias=0.0, classifier=0.2)
"""SSDH's official configuration for AlexNet."""
VGG = Start(latent=0.005, bias=1.0, classifier=0.01)
"""The same for VGG-16."""


def mean_pool() -> nn.Sequential:
    """Global average pooling, (N, D, h, w) to (N, D)."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())


def relu_layers(dimensions: int, width: int, count: int, dropout: float) -> nn.Sequential:
    """Stack linear layers with ReLU and dropout, weights by He's initialisation, biases 0; none for count 0."""
    layers: list[nn.Module] = []
    for number in range(count):
        linear = nn.Linear(width if number else dimensions, width)
        nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers)


class LatentHead(nn.Module):
    """Pooling, hidden layers, latent layer and classifier: h = sigmoid(z), logits V h + c (SSDH; specification B.2).

    Args:
        pool: from (N, D, h, w) maps to vectors; those of `VLAD` are scaled to entries of unit mean square, as
            a hundredth of that would starve the layers after it.
        hidden: from these to (N, width).
        width: of its output.
        bits: code length.
        classes: of the classifier.
        start: initial weights.
    """

    def __init__(self, pool: nn.Module, hidden: nn.Module, width: int, bits: int, classes: int, start: Start) -> None:
        super().__init__()
        self.pool, self.hidden = pool, hidden
        self.latent, self.classifier = nn.Linear(width, bits), nn.Linear(bits, classes)
        self.scale = pool.scale if isinstance(pool, VLAD) else 1.0
        nn.init.normal_(self.latent.weight, std=start.latent)
        nn.init.constant_(self.latent.bias, start.bias)
        nn.init.normal_(self.classifier.weight, std=start.classifier)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, maps: Tensor) -> Tensor:
        """Compute (N, bits) values z of (N, D, h, w) maps; the bit is z > 0, that is h > 1/2."""
        latent: Tensor = self.latent(self.hidden(self.scale * self.pool(maps)))
        return latent


class LatentEncoder(ReducedEncoder):
    """A latent head on the shared backbone's maps, of fewer channels (`ReducedEncoder`, which also subtracts the mean).

    Args:
        channels: of the backbone's maps.
        kept: channels that are kept.
        head: on maps of `min(kept, channels)` channels.
    """

    trained = ("classify",)

    def __init__(self, channels: int, kept: int, head: LatentHead) -> None:
        super().__init__(channels, kept)
        self.head = head

    def maps(self, features: Tensor) -> Tensor:
        """Give the maps that are pooled: the features themselves."""
        return features

    def forward(self, features: Tensor) -> Tensor:
        """Compute (N, bits) values z of (N, kept, h, w) features."""
        outputs: Tensor = self.head(features)
        return outputs

    def classify(self, relaxed: Tensor) -> Tensor:
        """Compute (N, classes) logits of the (N, bits) sigmoids."""
        logits: Tensor = self.head.classifier(relaxed)
        return logits

    def parameter_groups(self, rate: float, backbone_rate: float) -> list[dict[str, Any]]:
        """Group as `caffe_groups` does; an attached backbone learns at `rate * backbone_rate`."""
        named = list(self.named_parameters())
        own = [(name, one) for name, one in named if not name.startswith("backbone.")]
        deep = [(name, one) for name, one in named if name.startswith("backbone.")]
        return caffe_groups(own, rate) + caffe_groups(deep, rate * backbone_rate)


def caffe_groups(named: Iterable[tuple[str, nn.Parameter]], rate: float) -> list[dict[str, Any]]:
    """Group parameters as SSDH's configuration does: biases learn at twice the rate and do not decay.

    Trained anchors and assignments of a VLAD do not decay either; that is this project's choice.

    Args:
        named: names and parameters.
        rate: learning rate of weights.

    Returns:
        Groups for torch's optimisers; none that is empty.
    """
    trained = [(name, one) for name, one in named if one.requires_grad]
    weights = [one for name, one in trained if name.endswith("weight")]
    biases = [one for name, one in trained if name.endswith("bias")]
    others = [one for name, one in trained if not name.endswith(("weight", "bias"))]
    groups = [
        {"params": weights, "lr": rate},
        {"params": biases, "lr": 2 * rate, "weight_decay": 0.0},
        {"params": others, "lr": rate, "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


def local_descriptors(maps_of: Callable[[Tensor], Tensor], inputs: Readable, device: torch.device) -> Tensor:
    """Draw local descriptors with torch's global random numbers, 100 of each of 500 photographs as NetVLAD's code does.

    Args:
        maps_of: from a block of inputs to (b, D, h, w) maps; run without gradients.
        inputs: (n, ...) of the training photographs.
        device: where the network is.

    Returns:
        (m, D) float32; all places of a map that has no more than 100.
    """
    drawn = []
    chosen = torch.randperm(len(inputs))[:IMAGES].numpy()
    with torch.no_grad():
        for start in range(0, len(chosen), 32):
            block = np.ascontiguousarray(inputs[chosen[start : start + 32]])
            places = maps_of(torch.from_numpy(block).to(device)).flatten(2)
            of_each = torch.rand(len(places), places.shape[2]).argsort(dim=1)[:, :EACH].to(device)
            picked = places.gather(2, of_each[:, None].expand(-1, places.shape[1], -1))
            drawn.append(picked.transpose(1, 2).flatten(0, 1).float())
    return torch.cat(drawn)
