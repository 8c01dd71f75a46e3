"""Settings of ATH."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from bitscape.core.section import Count, MethodSection, Network, NonNegative, Positive, Supervised


class ATH(MethodSection):
    """Attention-based triplet hashing; losses and sampling as the authors coded them, the shared head is ours."""

    needs: ClassVar = frozenset({"labels", "bursts"})

    epochs: Count = Field(20, description="the authors: 50, from pixels")
    batch_size: Count = Field(10, description="triplets; the last, incomplete batch is dropped")
    margin_ratio: NonNegative = Field(0.5, description="margin / bits; the authors tried 0.3, 0.5 and 0.7")
    distance: Literal["mean", "sum"] = Field("mean", description="of squared differences over the bits; as coded: mean")
    loss: Literal["triplet", "pairwise", "circle", "none"] = Field("triplet", description="of the hash layer")
    classification: Literal["ce", "focal", "none"] = Field("ce", description="loss of the class layer")
    focal_gamma: NonNegative = 2.0
    focal_alpha: list[Positive] = Field([], description="of each class, in the order of names; empty: 1 for all")
    attention: bool = True
    max_pool: bool = Field(True, description="before the attention")
    resample_each_epoch: bool | Literal["auto"] = Field(
        "auto", description="draw new triplets; auto: yes on the shared backbone, no from pixels (as coded)"
    )
    class_balanced_queries: bool = Field(False, description="each label is as often the query's; not the authors'")
    kept: Count = Field(128, description="channels of the shared backbone's maps after PCA")
    width: Count = Field(64, description="of the residual block on the shared backbone")
    image_size: Annotated[int, Field(ge=8, multiple_of=8)] = Field(256, description="pixels, of `network: paper`")
    normalise: bool = Field(False, description="`network: paper`: pixels in [-1, 1] and not 0..255; not the authors'")
    learning_rate: Positive = 1e-3
    supervision: Supervised = "auto"
    network: Network = "shared"

    @model_validator(mode="after")
    def _learn(self) -> Self:
        if self.loss == "none" and self.classification == "none":
            raise ValueError("loss and classification are both none, so that there is nothing to learn")
        if self.network == "paper" and self.image_size == 8 and self.batch_size == 1:
            raise ValueError(
                "batch_size is 1 and image_size 8, which leaves one place of one photograph, and a batch norm needs "
                "two values; raise either"
            )
        return self
