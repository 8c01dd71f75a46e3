"""Settings of DSAH."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from bitscape.core.section import Count, MethodSection, Network, NonNegative, Positive, Rate, Share


def _unquoted(value: Any) -> Any:
    """YAML reads a bare `off` as false."""
    return "off" if value is False else value


Content = Annotated[Literal["attached", "detached", "reversed", "off"], BeforeValidator(_unquoted)]


class DSAH(MethodSection):
    """Deep self-adaptive hashing on the frozen backbone: the authors' losses, this project's optimiser values.

    `network: paper` has the authors' learning rate, decay, epsilon, deviation, width and dropout whatever is said here.
    """

    needs: ClassVar = frozenset({"similarity"})

    rounds: Count = 3
    epochs: Count = Field(10, description="of each round")
    batch_size: Annotated[int, Field(ge=2)] = 50
    learning_rate: Positive = Field(1e-3, description="the authors: 1e-4, of the whole network")
    alpha: NonNegative = Field(1.0, description="weight of the similarity term")
    beta: NonNegative = Field(10.0, description="weight of the quantisation term")
    tau: Positive = Field(1.0, description="temperature of the information content")
    pic: Content = Field("attached", description="pairwise information content, with or without its own gradient")
    pic_normalise: bool = Field(False, description="divide the weights by their mean over the batch")
    quant_normalised: bool = Field(True, description="quantise outputs at unit length (the code); false: as they are")
    adapt: bool = Field(True, description="adaptive neighbour discovery after each round but the last")
    gamma: float = Field(0.0, description="standard deviations above the mean for a new neighbour")
    update_similarity: Literal["raw", "cosine"] = Field("raw", description="of the outputs, where neighbours are found")
    decay: Share = Field(0.99, description="of the learning rate, each `decay_steps` steps")
    decay_steps: Count = 200
    adam_epsilon: Positive = Field(1e-8, description="TensorFlow's epsilon-hat; the authors: 1.0")
    width: Count = Field(1000, description="of the layer between features and bits")
    deviation: Positive = Field(0.02, description="of the head's truncated normal start; the authors: 0.001")
    dropout: Rate = 0.5
    network: Network = "shared"
    weights: str = Field("hub", description="of `network: paper`: hub, random or a local file (timm's vgg19)")
    weights_read: Literal["rgb", "bgr"] = Field(
        "rgb", description="of `network: paper`: normalised RGB (timm's weights) or BGR less means (a file of Caffe's)"
    )
    reading: Literal["b", "union", "knn", "snn"] = Field("b", description="of `network: paper`, see build_similarity")
    k1_share: Share = Field(0.05, description="of `network: paper`, see build_similarity")
    k2_share: Share = Field(0.05, description="of `network: paper`, see build_similarity")
