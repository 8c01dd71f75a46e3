"""Two parallel linear layers on one embedding: a hash layer and a class layer."""

from abc import abstractmethod

from torch import Tensor, nn

from bitscape.networks.encoder import Encoder


class TwinEncoder(Encoder):
    """An encoder with a hash layer and a class layer, both linear, on the same embedding (1.2, rows 8a and 8b).

    Neither has an activation; Xavier-normal start, biases as torch has them.

    Args:
        dimensions: of the embedding.
        bits: code length.
        classes: of the class layer.
    """

    trained = ("both",)

    def __init__(self, dimensions: int, bits: int, classes: int) -> None:
        super().__init__()
        self.hash, self.classes = nn.Linear(dimensions, bits), nn.Linear(dimensions, classes)
        for layer in (self.hash, self.classes):
            nn.init.xavier_normal_(layer.weight)

    @abstractmethod
    def embed(self, features: Tensor) -> Tensor:
        """Compute what both layers see: (N, ...) to (N, dimensions)."""

    def both(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Compute (N, bits) outputs and (N, classes) logits."""
        embedding = self.embed(features)
        return self.hash(embedding), self.classes(embedding)

    def forward(self, features: Tensor) -> Tensor:
        """Compute (N, bits) outputs, whose signs are the code."""
        outputs: Tensor = self.hash(self.embed(features))
        return outputs
