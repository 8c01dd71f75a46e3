"""Settings of RV-SSDH and the two methods it is compared with."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from bitscape.core.section import Count, MethodSection, Network, NonNegative, Positive, Rate, Share, Supervised


class RVSSDH(MethodSection):
    """Random VLAD based deep hashing, a reconstruction; the paper's values are all unknown."""

    needs: ClassVar = frozenset({"labels"})

    variant: Literal["rv-ssdh", "ssdh", "netvlad"] = Field(
        "rv-ssdh",
        description="ssdh: no VLAD, two layers for fc6 and fc7, gamma 1, q1; netvlad: k-means, all trained, no mean "
        "subtracted",
    )
    epochs: Count = 20
    batch_size: Count = Field(32, description="SSDH's")
    learning_rate: Positive = Field(0.1, description="of `network: shared` alone, times 2 for biases")
    step: Share = Field(0.5, description="share of the epochs after which the learning rate is divided by 10, again")
    alpha: NonNegative = Field(1.0, description="weight of the classification term")
    beta: NonNegative = Field(1.0, description="weight of the quantisation term")
    gamma: NonNegative = Field(0.0, description="weight of SSDH's 50 % term, which the abstract does not name")
    quantisation: Literal["q1", "q2"] = Field("q1", description="q1: away from 1/2 (SSDH); q2: squared gap to the bit")
    warmup_epochs: Annotated[int, Field(ge=0)] = Field(2, description="first epochs of classification alone")
    ramp_epochs: Annotated[int, Field(ge=0)] = Field(0, description="epochs after them in which beta and gamma grow")
    channels: Count = Field(128, description="D of the shared backbone's maps, by PCA")
    vlad: bool = Field(True, description="false: average pooling, an ablation")
    clusters: Annotated[int, Field(ge=2)] = Field(16, description="K, anchors of the VLAD")
    anchors_trainable: bool = Field(False, description="train the anchors c")
    assign_trainable: bool = Field(False, description="train the assignment w, b")
    anchor_init: Literal["gaussian", "unit_sphere", "sample_descriptors", "kmeans"] = "unit_sphere"
    form: Literal["v1", "v2"] = Field("v1", description="of NetVLAD's assignment: without or with bias")
    assignment: Literal["soft", "hard"] = "soft"
    sharpness: Literal["gap"] | NonNegative = Field("gap", description="of the assignment; gap: NetVLAD's rule")
    subtract_mean: bool = Field(True, description="subtract the mean training descriptor")
    normalise_descriptors: bool = Field(True, description="descriptors of unit length")
    intra_norm: bool = Field(True, description="blocks of the VLAD of unit length")
    normalise: bool = Field(True, description="VLAD of unit length")
    transform: bool = Field(True, description="false: from the VLAD to the bits directly, an ablation")
    width: Count = Field(512, description="T, of the transform, and of the two layers for fc6 and fc7")
    dropout: Rate = Field(0.0, description="after the transform; 0.5 in SSDH, after fc6 and fc7")
    supervision: Supervised = "auto"
    network: Network = "shared"
    weights: str = Field("hub", description="of `network: paper`: hub, random or a local file (timm's vgg16)")

    @model_validator(mode="after")
    def _see_the_bits(self) -> Self:
        if self.epochs <= self.warmup_epochs and (self.beta or self.gamma or self.variant == "ssdh"):
            raise ValueError(
                f"epochs is {self.epochs} and warmup_epochs {self.warmup_epochs}, so that the terms of beta and gamma "
                "are never trained; raise epochs, lower warmup_epochs or set both weights to 0"
            )
        return self
