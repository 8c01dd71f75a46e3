"""Settings of ExchNet."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from bitscape.core.section import Count, MethodSection, Network, NonNegative, Positive, Rate, Share, Supervised


class ExchNet(MethodSection):
    """ExchNet; "2023" are runs of a re-implementation by a co-author's group, the paper's own values are unknown."""

    needs: ClassVar = frozenset({"labels"})

    rounds: Count = Field(10, description="each ends with better learned codes and new anchors; 2023: 40")
    epochs: Count = Field(3, description="of each round; 2023: 30")
    samples: Count = Field(2000, description="photographs of a round, at most; 2023: 2000, or 4000 of large sets")
    batch_size: Annotated[int, Field(ge=2)] = Field(32, description="photographs; 2023: 16")
    learning_rate: Positive = Field(2e-3, description="of `network: shared` alone")
    fall_after: Share = Field(0.875, description="share of the rounds after which the learning rate is a tenth")
    parts: Annotated[int, Field(ge=0)] = Field(4, description="0: the whole alone, which is ADSH")
    channels: Count = Field(128, description="of the shared maps that are kept, by PCA")
    width: Count = Field(64, description="channels of refined features on the shared maps; published: 2048")
    spatial: NonNegative = Field(1.0, description="lambda, weight of the spatial constraint")
    channel: NonNegative = Field(1.0, description="gamma, weight of the channel constraint")
    channel_limit: Annotated[float, Field(ge=0, le=1)] = Field(0.4, description="t of the channel constraint")
    aggregation: Literal["mean", "sum"] = Field("mean", description="of channels, in the spatial constraint")
    exchange: bool = Field(True, description="exchange local features with those of class anchors")
    exchange_after: Rate = Field(0.5, description="share of the rounds after which features are exchanged")
    exchanged: Share = Field(0.5, description="probability that a part's feature is exchanged")
    balanced: bool = Field(True, description="dissimilar pairs weigh as much as similar ones in all")
    quantisation: NonNegative = Field(0.0, description="weight of ADSH's quantisation term; ADSH: 200")
    alignment: NonNegative = Field(0.0, description="weight of the distance to the anchors while exchanging")
    supervision: Supervised = "auto"
    network: Network = "shared"
    weights: str = Field("hub", description="of `network: paper`: hub, random or a local file (timm's resnet50)")
