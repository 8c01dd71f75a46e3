"""Settings of BCDH."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from bitscape.core.section import Count, MethodSection, Network, NonNegative, Positive, Supervised

Growth = Annotated[float, Field(ge=1)]


class BCDH(MethodSection):
    """Binary constrained deep hashing in three readings; all values are proposals, the paper's are unknown.

    Radenovic et al. train 30 epochs of 6,000 queries, of photographs from a pool of 22,000 (their released code).
    """

    needs: ClassVar = frozenset({"labels", "pairs"})

    epochs: Count = 20
    queries_per_epoch: Count = Field(100, description="tuples of one query, its positives and negatives")
    batch_size: Count = Field(5, description="tuples")
    positives: Count = Field(1, description="of each query; from 3D models they were mined")
    negatives: Count = Field(5, description="hardest of other models or labels, at most one of each")
    pool: Count = Field(22000, description="photographs, drawn anew in each epoch, that negatives are mined from")
    remine: Count = Field(3, description="times per epoch that negatives are mined with the network as it is then")
    reading: Literal["A", "B", "C"] = Field("A", description="distances of outputs, of codes, augmented Lagrangian")
    hinge: Literal["euclid", "sq"] = Field("euclid", description="(m - d)^2, or m^2 - d^2 as in DSH")
    quant_count: Literal["pair", "image"] = Field("pair", description="quantisation per pair or per photograph")
    b_refresh: Literal["iter", "round"] = Field("iter", description="codes anew in each step, or when mined anew")
    margin: Positive = Field(0.85, description="between unit descriptors; scaled by sqrt(bits)")
    lambda_start: NonNegative = Field(0.01, description="weight of the quantisation term in the first epoch")
    lambda_growth: Growth = 1.5
    lambda_max: NonNegative = Field(1.0, description="reading B has this weight throughout")
    rho_start: Positive = Field(0.1, description="reading C: penalty in the first epoch")
    rho_growth: Growth = 1.2
    rho_max: Positive = 10.0
    graded_epochs: Count = Field(40, description="geometry-graded: in the place of epochs")
    graded_positives: Count = Field(5, description="geometry-graded: positives of each query")
    graded_strangers: Annotated[int, Field(ge=0)] = Field(
        2, description="geometry-graded: hardest of the query's own model that share no 3D point with it"
    )
    graded_batch: Count = Field(
        256, description="geometry-graded: photographs of a batch, the tuples' and others drawn at random"
    )
    graded_power: Positive = Field(0.5, description="geometry-graded: of the share of common points, for the target")
    graded_zeros: NonNegative = Field(1.0, description="geometry-graded: weight of pairs that share nothing")
    graded_quantisation: NonNegative = Field(0.1, description="geometry-graded: weight of the quantisation term")
    learning_rate: Positive = Field(1e-3, description="of `network: shared` alone")
    supervision: Supervised = "geometry"
    network: Network = "shared"
    weights: str = Field("hub", description="of `network: paper`: hub, random or a local file (timm's vgg16)")
    gem_learned: bool = Field(False, description="`network: paper`: train the power of GeM")

    @model_validator(mode="after")
    def _grow(self) -> Self:
        weight = {"A": "lambda", "C": "rho"}.get(self.reading)
        start, most = (getattr(self, f"{weight}_{end}") if weight else 0 for end in ("start", "max"))
        if start > most:
            raise ValueError(f"{weight}_start {start} is above {weight}_max {most}, where it would grow to")
        return self
