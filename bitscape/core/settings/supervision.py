"""Settings of what is learned from and measured against: `mine_pairs`, `relevance`, `build_similarity`."""

from typing import Annotated, Literal

from pydantic import Field

from bitscape.core.section import Count, Section, Share


class MinePairs(Section):
    """Which photographs of a model are positives of each other, and which of other models are hard negatives."""

    strategy: Literal["m1", "m2", "m3"] = Field(
        "m3", description="m1: nearest descriptor; m2: most shared points; m3: any with enough overlap and like scale"
    )
    points: Literal["tracks", "visible"] = Field(
        "tracks", description="that a photograph sees: those of its tracks, or all that it would see from its place"
    )
    camera_pool: Annotated[int, Field(ge=0)] = Field(
        100, description="candidates: photographs of the model with the nearest cameras; 0: the whole model"
    )
    positives: Annotated[int, Field(ge=0)] = Field(0, description="of each query; 0: all that the strategy admits")
    min_shared_points: Count = Field(15, description="m3")
    min_overlap: Share = Field(0.2, description="m3: shared points / points of the query")
    max_scale_change: Annotated[float, Field(ge=1)] = Field(1.5, description="m3")
    bursts: Literal["once", "all"] = Field("once", description="near-duplicates among the positives of a query")
    negatives: Count = Field(5, description="hard negatives of each query, at most one of each model")
    negative_pool: Count = Field(22_000, description="photographs among which they are looked for, drawn at random")
    distractors: Literal["keep", "drop"] = Field("drop", description="photographs in no model as negatives, or not")
    levels: Annotated[int, Field(ge=1, le=127)] = Field(3, description="of graded relevance")


class Relevance(Section):
    """What a query should find: the ground truth of model selection and evaluation."""

    source: Literal["auto", "landmark", "labels", "geometry"] = "auto"
    neighbours: Count = Field(20, description="photographs a query is matched with, at most")
    min_inliers: Annotated[int, Field(ge=4)] = Field(15, description="geometry: correspondences of an accepted pose")
    min_shared_points: Count = Field(10, description="geometry: fewer shared 3D points are not relevant")
    near_duplicates: Literal["auto", "always", "never"] = Field(
        "auto", description="of queries are looked for, and are junk to these; auto: where there are 3D models"
    )


class BuildSimilarity(Section):
    """The neighbourhood similarity of DSAH."""

    reading: Literal["b", "union", "knn", "snn"] = "b"
    k1_share: Share = Field(0.05, description="K1 as a share of the training photographs; 500 at most")
    k2_share: Share = Field(0.05, description="K2 as a share of the training photographs; 500 at most")
