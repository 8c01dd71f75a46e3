"""What a method trains: from feature maps or pixels to outputs whose signs are the code."""

from typing import Any, Self

from torch import Tensor, nn

from bitscape.networks.backbones import Backbone
from bitscape.networks.pooling import gem, unit_length


class Encoder(nn.Module):
    """A network from (N, ...) features to (N, bits) outputs, whose signs are the code.

    Features come from feature maps of the shared backbone, or are photographs themselves. Where the backbone is frozen,
    `fixed` is computed once for all photographs and training starts from its results; where it is trained along, it is
    attached and `features` runs it.

    Attributes:
        side: pixels of the square photographs it reads, (N, 3, side, side) uint8 RGB; 0 where it reads feature maps.
        backbone: the shared backbone where it is trained along, else None.
        trained: names of the methods beside `forward` that a loss calls.
    """

    side: int = 0
    backbone: Backbone | None
    trained: tuple[str, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self.register_module("backbone", None)

    def fit(self, maps: Tensor) -> None:
        """Take what `fixed` needs from a sample of the training photographs' (m, C, h, w) maps; nothing by default."""

    def fixed(self, maps: Tensor) -> Tensor:
        """Compute what training never changes on a frozen backbone: (N, C, h, w) maps to (N, ...) features."""
        return maps

    def attach(self, backbone: Backbone, side: int) -> Self:
        """Train a backbone along, on photographs of `side` pixels."""
        self.backbone, self.side = backbone.requires_grad_(True), side
        return self

    def features(self, inputs: Tensor) -> Tensor:
        """Run the attached backbone on photographs; without one the inputs are the features."""
        return inputs if self.backbone is None else self.fixed(self.backbone(inputs))

    def augment(self, inputs: Tensor) -> Tensor:
        """Vary a batch of inputs at random for a training step; nothing by default."""
        return inputs

    def train(self, mode: bool = True) -> Self:
        """Leave an attached backbone in evaluation mode: small batches would spoil what its batch norms know."""
        super().train(mode)
        if self.backbone is not None:
            self.backbone.eval()
        return self

    def parameter_groups(self, rate: float, backbone_rate: float) -> list[dict[str, Any]]:
        """Group parameters by learning rate: those of an attached backbone learn at `rate * backbone_rate`.

        Args:
            rate: learning rate of the method's own layers.
            backbone_rate: share of it for the backbone.

        Returns:
            Groups as torch's optimisers take them, each with `params` and `lr`; none that is empty.
        """
        named = [(name, parameter) for name, parameter in self.named_parameters() if parameter.requires_grad]
        own = [parameter for name, parameter in named if not name.startswith("backbone.")]
        deep = [parameter for name, parameter in named if name.startswith("backbone.")]
        shares = ((own, 1.0), (deep, backbone_rate))
        return [{"params": parameters, "lr": rate * share} for parameters, share in shares if parameters]


class PooledEncoder(Encoder):
    """An encoder of GeM-pooled feature maps of unit length, (N, C): the global descriptors of the shared backbone."""

    def fixed(self, maps: Tensor) -> Tensor:
        """Pool: (N, C, h, w) to (N, C)."""
        return unit_length(gem(maps))
