"""Colours, fonts and bytes of the figures: one look on a light and on a dark page, equal bytes on each run."""

import io
from typing import Literal, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

MARKERS = "osD^vPX*hp"
DPI = 144
PANEL = (3.4, 2.6)
LEFT, RIGHT, TOP, BOTTOM = 0.68, 0.12, 0.36, 0.55


class Theme(NamedTuple):
    """The colours of a page.

    Attributes:
        paper: background.
        ink: text.
        faint: axes and secondary text.
        grid: lines behind the data.
        methods: one colour for each method, in the order of `params.methods`; then from the beginning again.
    """

    paper: str
    ink: str
    faint: str
    grid: str
    methods: tuple[str, ...]

    def colour(self, number: int) -> str:
        """The colour of a method by its place in `params.methods`."""
        return self.methods[number % len(self.methods)]


LIGHT = Theme(
    "#ffffff",
    "#1c2128",
    "#6a737d",
    "#e6e8eb",
    ("#a8407c", "#d1861a", "#2a66d9", "#12917a", "#6b54b5", "#7a5c3e", "#3d8fb5", "#c0503c", "#4f7a28", "#8a8f98"),
)
DARK = Theme(
    "#181c22",
    "#e3e7ec",
    "#939ca8",
    "#2c323b",
    ("#dd7fb4", "#eba23e", "#6c9dfb", "#38bfa3", "#a08cf0", "#b89371", "#6dbbe0", "#f0907c", "#9bcb63", "#b4bac4"),
)
THEMES = {"light": LIGHT, "dark": DARK}


def blank(panels: int, theme: Theme, beside: float = 0.0) -> tuple[Figure, list[Axes]]:
    """Begin a figure of panels of 3.4 x 2.6 inches, side by side.

    Args:
        panels: how many.
        theme: the colours.
        beside: inches kept free on the right of each panel, for its legend.

    Returns:
        The figure and its panels.
    """
    wide, high = PANEL
    step = LEFT + wide + beside + RIGHT
    width, height = panels * step, TOP + high + BOTTOM
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor=theme.paper)
    # Places in inches: matplotlib's constrained layout draws everything twice to find them.
    axes = [
        figure.add_axes(((place * step + LEFT) / width, BOTTOM / height, wide / width, high / height))
        for place in range(panels)
    ]
    for panel in axes:
        panel.set_facecolor(theme.paper)
        panel.grid(color=theme.grid, linewidth=0.8)
        panel.set_axisbelow(True)
        panel.tick_params(colors=theme.faint, labelsize=9, length=0)
        for side, spine in panel.spines.items():
            spine.set_visible(side == "bottom")
            spine.set_color(theme.faint)
    return figure, axes


def label(panel: Axes, theme: Theme, title: str, across: str, up: str) -> None:
    """Write the title and the names of both axes."""
    panel.set_title(title, loc="left", fontsize=10.5, color=theme.ink, fontweight="bold")
    panel.set_xlabel(across, fontsize=9, color=theme.faint)
    panel.set_ylabel(up, fontsize=9, color=theme.faint)


def legend(panel: Axes, theme: Theme, place: Literal["beside", "upper right", "best"]) -> None:
    """Add a legend without a frame, inside the panel or on its right."""
    if place == "beside":
        panel.legend(frameon=False, fontsize=9, labelcolor=theme.ink, loc="upper left", bbox_to_anchor=(1, 1))
    else:
        panel.legend(frameon=False, fontsize=9, labelcolor=theme.ink, loc=place)


def png(figure: Figure) -> bytes:
    """Draw the figure in at most 128 colours, which quarters the file; equal figures have equal bytes."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    drawn = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    out = io.BytesIO()
    drawn.quantize(128, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()
