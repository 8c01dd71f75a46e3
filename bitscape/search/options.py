"""The settings of an index as the command line gives them."""

from typing import Any

from pydantic import ValidationError

from bitscape.core.errors import BitscapeError
from bitscape.search.index import OWN, IndexSettings


def settings_of(kind: str, options: list[str]) -> IndexSettings:
    """Read the kind and the settings of an index.

    Args:
        kind: of it.
        options: `NAME=VALUE` each.

    Raises:
        BitscapeError: naming the first that is unknown, of another kind, or out of range.
    """
    pairs: dict[str, Any] = {}
    for text in options:
        name, equals, value = text.partition("=")
        if not equals or name == "kind":
            raise BitscapeError(f"--set {text}: say NAME=VALUE, such as --set probes=16.")
        pairs[name] = value
    try:
        settings = IndexSettings.model_validate({"kind": kind, **pairs})
    except ValidationError as error:
        first = error.errors()[0]
        where = str(first["loc"][0]) if first["loc"] else "settings"
        known = ", ".join(IndexSettings.model_fields)
        raise BitscapeError(f"The index's {where}: {first['msg']}; its settings are {known}.") from None
    for name in pairs:
        if name not in OWN[kind]:
            own = ", ".join(OWN[kind]) or "none"
            raise BitscapeError(f"--set {name} is of another index than {kind}, whose settings are: {own}.")
    return settings
