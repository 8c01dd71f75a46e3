"""Settings of `prepare`."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bitscape.core.section import Count, Section


class Splits(Section):
    """Shares of the photographs in each split; they add up to 1."""

    train: Annotated[float, Field(gt=0, lt=1)] = 0.65
    database: Annotated[float, Field(ge=0, lt=1)] = 0.1
    query_val: Annotated[float, Field(gt=0, lt=1)] = 0.1
    query_test: Annotated[float, Field(gt=0, lt=1)] = 0.15

    @model_validator(mode="after")
    def _add_up(self) -> Self:
        total = self.train + self.database + self.query_val + self.query_test
        if abs(total - 1) > 1e-6:
            raise ValueError(f"the four shares must add up to 1, they add up to {total:g}")
        return self


class Prepare(Section):
    """Which files are photographs of the collection, and how they are split."""

    splits: Splits = Splits()
    unseen: Literal["photographs", "landmarks"] = Field(
        "photographs", description="new to training in the queries: photographs, or all photographs of their landmark"
    )
    min_side: Count = Field(32, description="pixels; photographs with a shorter side are refused")
    max_pixels: Count = Field(
        100_000_000, description="photographs with more pixels are refused, without decoding them"
    )
    near_duplicates: Annotated[int, Field(ge=0, le=16)] | None = Field(
        8, description="bits of 64 in which perceptual hashes may differ, to stay in one split; null: off"
    )
    min_images: Annotated[int, Field(ge=8)] = Field(20, description="fewer usable photographs stop the pipeline")
