"""Bitscape: photo collections as compact binary codes, and the published ways of learning them, compared."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bitscape.search.loading import load as load

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Give `bitscape.load` when it is asked for, so that a stage that imports its own rooms loads no other."""
    if name == "load":
        from importlib import import_module

        return import_module("bitscape.search.loading").load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
