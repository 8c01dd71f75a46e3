"""`params.yaml` as typed, frozen models: one section per stage, unknown keys and values out of range are errors."""

from pathlib import Path
from typing import Annotated, Any, Self, get_args

import yaml
from pydantic import Field, ValidationError, model_validator

from bitscape.core.errors import BitscapeError
from bitscape.core.metric_names import LEARNED_DATABASE, MACRO, metric_names
from bitscape.core.section import Section
from bitscape.core.settings.evaluation import Compare, Evaluate, known_metric
from bitscape.core.settings.methods import MethodName
from bitscape.core.settings.networks import Describe, Encode, Train
from bitscape.core.settings.prepare import Prepare
from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.core.settings.supervision import BuildSimilarity, MinePairs, Relevance
from bitscape.core.validation import sentence

Bits = Annotated[int, Field(ge=2, le=4096)]
"""Code length; one that is no multiple of 8 takes the bytes of the next that is."""


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
            under.append(f"{named}_{known_metric(chosen.removeprefix(f'{named}_'))}")
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
        told = "; ".join(dict.fromkeys(sentence(problem, Params) for problem in error.errors()))
        raise BitscapeError(f"{path}: {told}.") from None
