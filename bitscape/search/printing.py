"""The results of a query on the terminal."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bitscape.search.bundle import Bundle
from bitscape.search.hit import Hit


def print_hits(folder: Path, bundle: Bundle, hits: Sequence[Hit]) -> None:
    """Print the results as a table.

    Args:
        folder: of the bundle.
        bundle: what was asked.
        hits: the results, best first.
    """
    measured = [name for name in ("similarity", "inliers") if hits and getattr(hits[0], name) is not None]
    shown = Table(
        title=f"{bundle.model.method} at {bundle.model.bits} bits, {len(bundle.images)} photographs",
        caption=escape(str(folder)),
    )
    for name in ("", "distance", *measured):
        shown.add_column(name, justify="right", no_wrap=True)
    shown.add_column("photograph", overflow="fold")
    for place, hit in enumerate(hits, start=1):
        more = [f"{value:.3f}" if isinstance(value := getattr(hit, name), float) else str(value) for name in measured]
        shown.add_row(str(place), str(hit.distance), *more, escape(hit.image))
    Console().print(shown)
