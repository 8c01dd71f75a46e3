"""The report: one HTML file with everything in it."""

import hashlib
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.figure import Figure

from bitscape import __version__
from bitscape.core.params import Params
from bitscape.core.table import SPLITS
from bitscape.reporting.columns import Column
from bitscape.reporting.contest import Contest
from bitscape.reporting.gallery import Hit, data_uri
from bitscape.reporting.names import title
from bitscape.reporting.result import Result
from bitscape.reporting.sketches import HIGH, WIDE, Sketch
from bitscape.reporting.style import THEMES, Theme, png
from bitscape.reporting.tables import Group

VERSIONS = ("numpy", "torch", "timm", "faiss-cpu", "pycolmap", "open3d")


class Picture(NamedTuple):
    """A figure as PNG, for a light and for a dark page."""

    light: bytes
    dark: bytes


class Answer(NamedTuple):
    """What one method found for a query."""

    result: Result
    number: int
    average_precision: float
    hits: list[Hit]


class Question(NamedTuple):
    """A query of the gallery.

    Attributes:
        photograph: its place in the collection.
        relevant: how many relevant photographs there are.
        spread: whether it is one of those on which the methods differ most, and not drawn at random.
        answers: of the methods, the best first.
    """

    photograph: int
    relevant: int
    spread: bool
    answers: list[Answer]


class Model(NamedTuple):
    """A 3D model: its picture as a data URI and the page on which it turns, empty where there is none; its numbers."""

    picture: str
    page: str
    photographs: int
    points: int
    error: float


@dataclass(frozen=True)
class Page:
    """Everything that the template shows; see `page.html.j2`."""

    params: Params
    collection: Any
    database: Sequence[int]
    relevance: dict[str, Any]
    refused: int
    summary: list[str]
    warnings: list[str]
    rankings: tuple[list[Column], list[Group]]
    health: tuple[list[Column], list[Group]]
    quality: Picture
    curves: Picture
    first_ranks: Picture
    radii: Picture
    details: list[tuple[Result, bytes]]
    first: Result | None
    contests: list[Contest]
    distances: list[Sketch]
    trainings: list[Sketch]
    questions: list[Question]
    models: list[Model]
    unregistered: int
    thumbnail: Callable[..., str]


def picture(draw: Callable[[Theme], Figure]) -> Picture:
    """Draw a figure for both themes."""
    return Picture(**{name: png(draw(theme)) for name, theme in THEMES.items()})


def render(page: Page) -> str:
    """Fill the template.

    Args:
        page: what is shown.

    Returns:
        HTML that shows no other file, and links to none but the pages of the models; equal pages give equal text.
    """
    folder = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"data_uri": data_uri, "title_of": title}
    parameters = yaml.safe_dump(page.params.model_dump(), sort_keys=False, default_flow_style=None, width=100)
    return environment.get_template("page.html.j2").render(
        page=page,
        parameters=parameters,
        digest=hashlib.sha256(parameters.encode()).hexdigest()[:12],
        versions={"bitscape": __version__, "python": platform.python_version()}
        | {name: version(name) for name in VERSIONS},
        splits=page.collection["split"].value_counts().reindex(SPLITS, fill_value=0).to_dict(),
        labels=len({label for labels in page.collection["labels"] for label in labels}),
        themes=THEMES,
        drawing=(WIDE, HIGH),
    )
