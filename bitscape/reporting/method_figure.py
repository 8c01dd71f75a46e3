"""The figure of one method at one code length."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bitscape.reporting.result import Result
from bitscape.reporting.style import LIGHT, Theme, blank, label, legend

DASHES = ("--", ":", "-.", (0, (6, 2, 1, 2, 1, 2)))


def draw_method(result: Result, number: int, theme: Theme = LIGHT) -> Figure:
    """Draw one method at one code length: precision and recall, distances, and the course of training.

    Args:
        result: of a method that was trained.
        number: the method's place in `params.methods`, which gives the colour.
        theme: the colours.
    """
    figure, panels = blank(3 if result.learned else 2, theme)
    colour = theme.colour(number)
    panels[0].plot(result.curve.recall, result.curve.precision, color=colour, linewidth=2)
    panels[0].set_xlim(0, 1)
    panels[0].set_ylim(0, 1.02)
    label(panels[0], theme, "Precision and recall", "recall", "precision")
    _distances(panels[1], result, colour, theme)
    if result.learned:
        _training(panels[2], result, colour, theme)
    return figure


def _distances(panel: Axes, result: Result, colour: str, theme: Theme) -> None:
    """Histograms of the distances of relevant and of other pairs, each adding up to 1."""
    across = np.arange(result.bits + 1)
    relevant = result.counts.relevant.sum(axis=0)[across]  # no distance is longer, but a last byte has room for more
    other = result.counts.items.sum(axis=0)[across] - relevant
    for counts, name, shade in ((other, "other", theme.faint), (relevant, "relevant", colour)):
        share = counts / max(counts.sum(), 1)
        panel.fill_between(across, share, step="mid", color=shade, alpha=0.35, linewidth=0, label=name)
        panel.step(across, share, where="mid", color=shade, linewidth=1.5)
    panel.set_xlim(0, result.bits)
    panel.set_ylim(bottom=0)
    label(panel, theme, "Distance of query and photograph", "Hamming distance", "share of pairs")
    legend(panel, theme, "upper right")


def _training(panel: Axes, result: Result, colour: str, theme: Theme) -> None:
    """Loss terms, each scaled to its largest value, and the mAP on query_val with the chosen epoch."""
    epochs, quality = result.history["epoch"], result.history["map_expected"]
    terms = [name for name in result.history if name not in ("epoch", "map_expected")]
    for number, term in enumerate(terms):
        values = result.history[term]
        largest = np.nanmax(np.abs(values), initial=0)
        if largest > 0:
            panel.plot(
                epochs,
                values / largest,
                color=theme.faint,
                linewidth=1.4,
                linestyle=DASHES[number % len(DASHES)],
                label=f"{term} / {largest:.3g}",
            )
    panel.plot(epochs, quality, color=colour, linewidth=2, label="mAP on query_val")
    chosen = epochs == result.epoch
    panel.plot(epochs[chosen], quality[chosen], "o", color=colour, markersize=8, label="chosen epoch")
    panel.set_ylim(0, 1.02)
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    label(panel, theme, "Training", "epoch", "mAP; loss terms, scaled")
    legend(panel, theme, "best")
