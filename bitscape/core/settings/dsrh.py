"""Settings of DSRH."""

from typing import ClassVar, Literal

from pydantic import Field

from bitscape.core.section import Count, MethodSection, Network, NonNegative, Positive, Rate, Supervised


class DSRH(MethodSection):
    """Deep semantic ranking hashing; the losses are the official code's, sizes and rates of the head the project's."""

    needs: ClassVar = frozenset({"labels", "levels", "bursts"})

    epochs: Count = 30
    queries_per_epoch: Count = Field(1000, description="at most, drawn at random; each gives one triplet or three")
    batch_size: Count = Field(128, description="triplets; the default of the official framework")
    repeat_constant: Count = Field(
        3000,
        description="a query comes floor(constant / photographs of its rarest label) + 1 times before "
        "`queries_per_epoch` are drawn of them; the official code's, of 220,160 photographs",
    )
    rho: NonNegative = Field(5.0, description="margin at 64 bits, of Hamming distances")
    rho_scaling: Literal["bits", "fixed"] = Field("bits", description="rho bits / 64, a proposal; or rho as it is")
    alpha: NonNegative = Field(1.0, description="weight of the balance term")
    reduction: Literal["sum", "mean"] = Field(
        "sum", description="sum: both terms divided by the batch's triplets (official); mean: only the ranking term"
    )
    balance_mode: Literal["formula", "official"] = Field(
        "formula", description="official: the balance gradient of a triplet is multiplied by its weight"
    )
    weighted: bool = Field(True, description="weights omega from NDCG gains; false: 1, the unweighted surrogate")
    bypass: Literal["both", "fca", "fcb"] = Field("both", description="what reaches the hash layer")
    allow_self: bool = Field(False, description="a query may be in its own ranking list (official: true)")
    unlabelled_negatives: bool = Field(True, description="photographs without label may be the irrelevant ones")
    width: Count = Field(512, description="of FCa and FCb on the shared backbone; published: 4096")
    dropout: Rate = 0.5
    learning_rate: Positive = Field(0.03, description="of `network: shared` alone")
    supervision: Supervised = "auto"
    network: Network = "shared"
    weights: str = Field("hub", description="of `network: paper`: hub, random or a local file (torchvision's AlexNet)")
