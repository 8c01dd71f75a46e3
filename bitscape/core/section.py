"""What all sections of `params.yaml` share, and the kinds of numbers in them."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(gt=0, le=1)]
Rate = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Device = Literal["auto", "cpu", "cuda"]
Network = Literal["shared", "paper"]
"""The method's own layers on the shared backbone's feature maps, or the published network from pixels."""
Supervised = Literal["auto", "landmark", "labels", "geometry", "geometry-graded"]
"""Where a method learns from: `auto` is the first of landmark, labels and geometry that the collection has."""

Needs = Literal["labels", "pairs", "levels", "similarity", "bursts"]


class Section(BaseModel):
    """What all sections share: frozen, closed to unknown keys, defaults checked."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _numbers(cls, given: Any) -> Any:
        """Refuse `true` for a number, which Python takes for 1."""
        for name, value in given.items() if isinstance(given, dict) else ():
            if (
                isinstance(value, bool)
                and name in cls.model_fields
                and cls.model_fields[name].annotation in (int, float)
            ):
                raise ValueError(f"{name} should be a number, not {str(value).lower()}")
        return given


class MethodSection(Section):
    """Settings of one method.

    Attributes:
        needs: what it asks to learn from; here and not with the method, so that gathering it starts without torch.
    """

    needs: ClassVar[frozenset[Needs]] = frozenset()
