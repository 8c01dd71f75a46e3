"""From photographs to the outputs of a trained method, in one network with its backbone."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ValidationError
from torch import Tensor, nn

from bitscape.core.errors import BitscapeError
from bitscape.core.params import Params
from bitscape.methods.base.closed_form import ClosedForm
from bitscape.methods.base.registry import create
from bitscape.networks.backbones import Backbone
from bitscape.networks.encoder import Encoder
from bitscape.networks.features import FLOAT16_MAX
from bitscape.networks.pooling import gem, unit_length
from bitscape.search.manifest import Model

Weights = Mapping[str, NDArray[Any]]


class PhotographEncoder(nn.Module, ABC):
    """A network from photographs to outputs, in evaluation mode, which gives what the stage `encode` gives.

    Attributes:
        side: pixels of the square photographs that it reads.
        backbone: the shared backbone where it stands before the method's own layers.
    """

    side: int
    backbone: Backbone | None

    @abstractmethod
    def forward(self, photographs: Tensor) -> Tensor:
        """Compute (N, bits) float32 outputs of (N, 3, side, side) uint8 RGB; bits are 1 where they are >= 0."""


class MapsEncoder(PhotographEncoder):
    """A network on the feature maps of the shared backbone."""

    backbone: Backbone

    def forward(self, photographs: Tensor) -> Tensor:
        """Run the backbone, then what stands on it."""
        return self.from_maps(self.backbone(photographs).clamp(-FLOAT16_MAX, FLOAT16_MAX))

    @abstractmethod
    def from_maps(self, maps: Tensor) -> Tensor:
        """Compute the outputs of (N, C, h, w) float32 feature maps of the shared backbone."""


class ProjectionEncoder(MapsEncoder):
    """A baseline: sign(A (x - m) / |x - m| + b) of the global descriptor x, see `ClosedForm`."""

    mean: Tensor
    projection: Tensor
    bias: Tensor

    def __init__(self, backbone: Backbone, side: int, weights: Weights) -> None:
        super().__init__()
        self.backbone, self.side = backbone, side
        for name in ("mean", "projection", "bias"):
            self.register_buffer(name, torch.from_numpy(np.array(weights[name])))

    def from_maps(self, maps: Tensor) -> Tensor:
        """Describe, then project."""
        return self.from_descriptors(unit_length(gem(maps)))

    def from_descriptors(self, descriptors: Tensor) -> Tensor:
        """Project (N, D) descriptors."""
        outputs: Tensor = unit_length(descriptors - self.mean) @ self.projection.T + self.bias
        return outputs


class SharedEncoder(MapsEncoder):
    """A learned network on the frozen backbone, whose maps pass through float16 as those that are stored do."""

    def __init__(self, backbone: Backbone, side: int, network: Encoder) -> None:
        super().__init__()
        self.backbone, self.side, self.network = backbone, side, network

    def from_maps(self, maps: Tensor) -> Tensor:
        """Round, then run the network."""
        outputs: Tensor = self.network(self.network.fixed(maps.half().float()))
        return outputs


class PixelEncoder(PhotographEncoder):
    """A learned network that reads pixels: a published one, or one with the backbone trained along."""

    def __init__(self, network: Encoder) -> None:
        super().__init__()
        self.backbone, self.side, self.network = None, network.side, network

    def forward(self, photographs: Tensor) -> Tensor:
        """Run the network."""
        outputs: Tensor = self.network(self.network.features(photographs))
        return outputs


def build_encoder(
    model: Model, weights: Weights, backbone: Callable[[], Backbone], image_size: int
) -> PhotographEncoder:
    """Build the network of a bundle.

    Args:
        model: what the method's network was built with.
        weights: of the method, as `train` writes them.
        backbone: gives the shared one; it is not called where the network reads pixels itself.
        image_size: of the shared backbone's photographs.

    Raises:
        BitscapeError: if the weights do not fit the network.
    """
    method = _create(model)
    if isinstance(method, ClosedForm):
        if {"mean", "projection", "bias"} - set(weights) or weights["projection"].shape[:1] != (model.bits,):
            raise BitscapeError(f"The weights are not those of {model.method} at {model.bits} bits; train it again.")
        return ProjectionEncoder(backbone(), image_size, weights).eval()
    if model.channels is None or model.classes is None:
        raise BitscapeError(f"Nothing is told of the channels and classes of {model.method}; train it again.")
    network: Encoder = method.network(model.channels, model.classes)
    if not network.side and any(name.startswith("backbone.") for name in weights):
        network.attach(backbone(), image_size)
    try:
        network.load_state_dict({name: torch.from_numpy(np.array(tensor)) for name, tensor in weights.items()})
    except RuntimeError as error:
        told = " ".join(str(error).split())[:200]
        raise BitscapeError(
            f"The weights do not fit {model.method} at {model.bits} bits ({told}); train it again."
        ) from None
    if network.side:
        return PixelEncoder(network).eval()
    return SharedEncoder(backbone(), image_size, network).eval()


def _create(model: Model) -> Any:
    """Create the method without any weights that would have to be fetched."""
    settings = {**model.parameters}
    if "weights" in settings:  # the trained ones are loaded next
        settings["weights"] = "random"
    try:
        params = Params.model_validate({"seed": model.seed, "train": {"methods": {model.method: settings}}})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BitscapeError(
            f"The model's parameters are not those of this version: {where}: {first['msg']}; train it again with "
            "`dvc repro`, or make the bundle anew with `bitscape index`."
        ) from None
    return create(model.method, model.bits, params)


def digest(network: nn.Module) -> str:
    """Give the sha256 of the names and tensors of a network."""
    total = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        total.update(name.encode() + b"\0")
        total.update(tensor.cpu().contiguous().numpy().tobytes())
    return total.hexdigest()
