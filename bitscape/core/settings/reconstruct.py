"""Settings of `reconstruct`."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bitscape.core.section import Count, Device, NonNegative, Positive, Section, Share


class Reconstruct(Section):
    """Structure from motion with COLMAP on the training photographs, and cleaning with Open3D."""

    image_size: Annotated[int, Field(ge=64)] = Field(800, description="pixels of the longer side")
    max_features: Annotated[int, Field(ge=64)] = Field(2048, description="SIFT features of a photograph")
    cameras: Literal["auto", "exif", "each"] = Field("auto", description="which photographs share a camera")
    strategies: list[Literal["exhaustive", "neighbours", "sequential"]] = Field(
        ["neighbours"], min_length=1, description="which pairs are matched first; their union"
    )
    exhaustive_below: Count = Field(60, description="up to so many photographs every pair is matched")
    neighbours: Count = Field(8, description="neighbours: nearest by descriptor, matched with each photograph")
    window: Count = Field(5, description="sequential: next photographs of the folder, matched with each")
    matches: Count = Field(18, description="pairs matched in all, for each photograph; neighbours of neighbours too")
    min_inliers: Count = Field(15, description="matches of a verified pair that agree with its geometry")
    mapper: Literal["incremental", "global"] = "incremental"
    device: Device = Field("cpu", description="of features and matches")
    executor: Annotated[str, Field(pattern=r"^(processes|(tcp|tls)://.+:\d+)$")] = Field(
        "processes", description="of components: processes here, or the address of a Dask scheduler (tcp://host:8786)"
    )
    burst_similarity: Share = Field(0.9, description="cosine of descriptors of near-duplicates")
    burst_overlap: Share = Field(0.55, description="near-duplicates: verified matches / features of the one with fewer")
    min_model_size: Annotated[int, Field(ge=2)] = Field(3, description="photographs; smaller models are dropped")
    outlier_neighbours: Annotated[int, Field(ge=2)] = Field(
        20, description="neighbours of a point in statistical outlier removal"
    )
    outlier_ratio: Positive = Field(2.0, description="standard deviations of the mean neighbour distance")
    outlier_radius: NonNegative = Field(4.0, description="spacings of the cloud around a point; 0: not looked at")
    outlier_company: Annotated[int, Field(ge=2)] = Field(5, description="points that must lie there, itself among them")
    debris_gap: NonNegative = Field(8.0, description="spacings between two pieces (DBSCAN); 0: every piece stays")
    debris_share: Annotated[float, Field(ge=0, le=1)] = Field(0.01, description="of the largest piece; smaller go")
    threads: Count = 2
    deterministic: bool = Field(False, description="one thread and fixed seeds: equal models each time, slower")

    @model_validator(mode="after")
    def _repeatable(self) -> Self:
        if self.deterministic and self.device == "cuda":
            raise ValueError(
                "deterministic is true and device cuda, but the features that COLMAP finds on a GPU differ from run to "
                "run; set device to cpu or deterministic to false"
            )
        return self
