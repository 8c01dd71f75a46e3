"""Features of parts that attention finds, beside those of the whole, and a hash layer on both (ExchNet)."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from bitscape.networks.encoder import Encoder
from bitscape.networks.reduction import ReducedEncoder

ATTENTION_WIDTH = 32


class PartFeatures(NamedTuple):
    """What is known of N photographs.

    Attributes:
        local: (N, M, C) pooled features of each part.
        whole: (N, C) pooled features of the whole.
        refined: (N, M, C, h, w) the local features before pooling.
    """

    local: Tensor
    whole: Tensor
    refined: Tensor


def attend(maps: Tensor, attention: Tensor) -> Tensor:
    """Multiply every channel of (N, E, h, w) maps by each of (N, M, h, w) attentions: (N M, E, h, w) (eq. 1)."""
    return (maps[:, None] * attention[:, :, None]).flatten(0, 1)


class PartsEncoder(Encoder):
    """The structure of ExchNet (eq. 1 to 4 and 9): attention, two refinements, pooling, linear layer and tanh.

    `represent` and `code` are apart so that a loss can exchange local features between them. Neither takes labels.

    Args:
        attention: gives (N, M, h, w) of (N, E, h, w) maps.
        local: LFR, gives (N, C, h', w') of attended maps; the parts share it.
        whole: GFR, the same of the maps themselves, with weights of its own.
        parts: M; with 0 the whole alone is left, which is ADSH, and `attention` and `local` are not built.
        width: C.
        bits: code length.
    """

    trained = ("represent", "code")

    def __init__(
        self, attention: nn.Module, local: nn.Module, whole: nn.Module, parts: int, width: int, bits: int
    ) -> None:
        super().__init__()
        self.parts = parts
        if parts:
            self.attention, self.local = attention, local
        self.whole = whole
        self.hash = nn.Linear((parts + 1) * width, bits)

    def trunk(self, features: Tensor) -> Tensor:
        """Compute the maps that attention looks at; the features themselves by default."""
        return features

    def represent(self, features: Tensor) -> PartFeatures:
        """Compute the features of parts and whole."""
        maps = self.trunk(features)
        whole = self.whole(maps).mean(dim=(2, 3))
        if not self.parts:
            return PartFeatures(whole[:, None][:, :0], whole, whole[:, None, :, None, None][:, :0])
        refined = self.refine(maps, self.attention(maps)).unflatten(0, (maps.shape[0], self.parts))
        return PartFeatures(refined.mean(dim=(3, 4)), whole, refined)

    def refine(self, maps: Tensor, attention: Tensor) -> Tensor:
        """Refine (N, E, h, w) maps under each of (N, M, h, w) attentions: (N M, C, h', w')."""
        refined: Tensor = self.local(attend(maps, attention))
        return refined

    def code(self, local: Tensor, whole: Tensor) -> Tensor:
        """Compute (N, bits) outputs in (-1, 1) of (N, M, C) local features and (N, C) of the whole."""
        return torch.tanh(self.hash(torch.cat([local.flatten(1), whole], dim=1)))

    def forward(self, features: Tensor) -> Tensor:
        """Compute (N, bits) outputs in (-1, 1), with each photograph's own local features."""
        found = self.represent(features)
        return self.code(found.local, found.whole)


def _layer(channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())


class ReducedParts(PartsEncoder):
    """Parts on the shared backbone's maps, whose channels are reduced; sizes and layers are this project's proposal.

    The published network refines by three bottlenecks of 2,048 channels. On frozen maps of a whole network, one layer
    of 1 x 1 convolution, batch norm and ReLU for each refinement is what a CPU trains in a minute. The attention is two
    such layers, and so ends in batch norm and ReLU as the published one does.

    Args:
        channels: of the backbone's maps.
        kept: channels that are kept of them.
        parts: M.
        width: channels of the refined features.
        bits: code length.
    """

    def __init__(self, channels: int, kept: int, parts: int, width: int, bits: int) -> None:
        reduction = ReducedEncoder(channels, kept)
        kept = reduction.kept
        attention = nn.Sequential(_layer(kept, ATTENTION_WIDTH), _layer(ATTENTION_WIDTH, max(parts, 1)))
        super().__init__(attention, _layer(kept, width), _layer(kept, width), parts, width, bits)
        self.reduction = reduction

    def refine(self, maps: Tensor, attention: Tensor) -> Tensor:
        """Refine as its base does, but convolve once for all parts: 1 x 1 without bias, W (a x) = a (W x)."""
        convolution, normalisation, activation = self.local.children()
        refined: Tensor = activation(normalisation(attend(convolution(maps), attention)))
        return refined

    def fit(self, maps: Tensor) -> None:
        """Find the principal axes."""
        self.reduction.fit(maps)

    def fixed(self, maps: Tensor) -> Tensor:
        """Reduce: (N, channels, h, w) to (N, kept, h, w)."""
        return self.reduction.fixed(maps)
