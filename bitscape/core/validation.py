"""What is wrong with `params.yaml`, in sentences."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from bitscape.core.section import Section

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


def sentence(problem: Any, model: type[Section]) -> str:
    """Tell one problem of a pydantic ValidationError: where, what is allowed, what was given.

    Args:
        problem: of its `errors()`.
        model: what was validated.

    Returns:
        The sentence, without its full stop.
    """
    place = [part for part in problem["loc"] if isinstance(part, str | int)]
    where = ".".join(map(str, place))
    if problem["type"] == "extra_forbidden":
        if place[:2] == ["train", "methods"] and place[3:] == ["supervision"]:
            return f"`{where}`: {place[2]} learns without labels and 3D models, so that there is nothing to choose"
        return f"unknown key `{where}`{_suggestion(place, model)}"
    if allowed := _either(place[:-1]):  # one problem for each of several types, its name behind the key
        return f"`{'.'.join(map(str, place[:-1]))}` should be {allowed}, got {problem['input']!r}"
    if allowed := CONTAINERS.get(problem["type"]):
        return f"`{where}` should be {allowed}, got {problem['input']!r}" if where else f"it should be {allowed}"
    allowed = problem["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if not place or isinstance(problem["input"], dict | Section):
        return f"`{where}`: {allowed}" if where else allowed
    return f"`{where}` {allowed}, got {problem['input']!r}"


def _either(place: Sequence[str | int]) -> str | None:
    """Tell what is allowed where a key takes values of several types."""
    return EITHER.get(str(place[-1])) if place else None


def _suggestion(place: Sequence[str | int], model: type[Section]) -> str:
    """Name the keys that are known at the place of an unknown one, the nearest first."""
    section: Any = model
    for part in place[:-1]:
        section = section.model_fields[part].annotation
    known = list(section.model_fields)
    near = get_close_matches(str(place[-1]), known, n=1)
    return f", did you mean `{near[0]}`?" if near else f", known are {', '.join(known) or 'none'}"
