"""A contact sheet: queries with their positives and hard negatives, for people to judge."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from bitscape.core.photograph import open_photograph
from bitscape.core.storage import publish
from bitscape.reporting.mined import Example
from bitscape.reporting.style import LIGHT

CELL = (1.75, 1.55)  # inches of a photograph with its caption
SIDE = 240  # pixels of the longer side of a photograph
GAP = 0.35  # inches between the query, its positives and its negatives
TOP = 0.45  # inches for the titles
COLOURS = {"query": LIGHT.ink, "positive": "#147a43", "negative": "#c0392b"}


def write_sheet(examples: Sequence[Example], files: Sequence[Path], names: Sequence[str], target: Path) -> None:
    """Draw one row for each query and write the sheet as PNG.

    Args:
        examples: the queries, at least one.
        files: of each photograph of the collection, its file.
        names: and its path in the collection.
        target: file to write.
    """
    widths = [max(1, *(len(group) for group in groups)) for groups in _groups(examples)]
    width = CELL[0] * (1 + sum(widths)) + 2 * GAP
    height = TOP + CELL[1] * len(examples)
    figure = Figure(figsize=(width, height), dpi=100, facecolor=LIGHT.paper)
    starts = (0.0, CELL[0] + GAP, CELL[0] * (1 + widths[0]) + 2 * GAP)
    for start, title in zip(starts, ("query", "positives: best first", "negatives: hardest first"), strict=True):
        figure.text((start + 0.08) / width, 1 - 0.28 / height, title, fontsize=11, fontweight="bold", color=LIGHT.ink)
    for row, one in enumerate(examples):
        found, hard = one.counts
        told = f"{PurePosixPath(names[one.query]).name}\n{found} positives, {hard} negatives"
        cells = [(starts[0], one.query, told, "query")]
        for start, partners, kind in ((starts[1], one.positives, "positive"), (starts[2], one.negatives, "negative")):
            for column, partner in enumerate(partners):
                told = f"{PurePosixPath(names[partner.image]).name}\n{partner.told}"
                cells.append((start + column * CELL[0], partner.image, told, kind))
        for left, image, told, kind in cells:
            bottom = height - TOP - CELL[1] * (row + 1)
            place = (
                (left + 0.06) / width,
                (bottom + 0.4) / height,
                (CELL[0] - 0.12) / width,
                (CELL[1] - 0.45) / height,
            )
            _show(figure.add_axes(place), thumbnail(files[image]), told, COLOURS[kind])
    with publish(target) as partial:
        figure.savefig(partial, format="png", facecolor=LIGHT.paper)


def _groups(examples: Sequence[Example]) -> list[list[list[object]]]:
    return [[[*one.positives] for one in examples], [[*one.negatives] for one in examples]]


def thumbnail(path: Path) -> NDArray[np.uint8]:
    """Open a photograph and make it small: (h, w, 3), the longer side at most `SIDE` pixels."""
    from PIL import Image

    picture = Image.fromarray(open_photograph(path))
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def _show(panel: Axes, picture: NDArray[np.uint8], told: str, colour: str) -> None:
    panel.imshow(picture)
    panel.set(xticks=[], yticks=[])
    for spine in panel.spines.values():
        spine.set(color=colour, linewidth=2)
    panel.set_xlabel(told, fontsize=7.5, color=LIGHT.ink, labelpad=3)
