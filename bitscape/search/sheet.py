"""The contact sheet of a query: one HTML file with the photograph and what was found."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bitscape.core.errors import BitscapeError
from bitscape.core.storage import publish
from bitscape.reporting.gallery import Thumbnails
from bitscape.reporting.names import title
from bitscape.reporting.style import THEMES
from bitscape.search.bundle import Bundle
from bitscape.search.hit import Hit

QUERY, FOUND = 440, 300
"""Pixels of the query and of a result: half as many again as they are shown with, for sharp screens."""


def write_sheet(target: Path, photo: Path, bundle: Bundle, hits: Sequence[Hit]) -> None:
    """Write the page; equal queries of equal bundles give equal bytes.

    Args:
        target: the HTML file.
        photo: the query.
        bundle: what was asked.
        hits: the results, best first; one whose file is gone is shown by its name.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    thumbnail = Thumbnails(Path())

    def shown(path: Path, side: int) -> str:
        try:
            return thumbnail(str(path), side)
        except BitscapeError:  # moved or removed since it was encoded
            return ""

    page = environment.get_template("sheet.html.j2").render(
        themes=THEMES,
        photo=photo,
        query=shown(photo, QUERY),
        bundle=bundle,
        method=title(bundle.model.method),
        hits=hits,
        pictures=[shown(hit.path, FOUND) for hit in hits],
    )
    with publish(target) as partial:
        partial.write_text(page, encoding="utf-8")
