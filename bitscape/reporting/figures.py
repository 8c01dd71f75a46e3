"""The figures of the comparison."""

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bitscape.hamming.ranking import Histograms
from bitscape.reporting.names import title
from bitscape.reporting.result import Result
from bitscape.reporting.style import LIGHT, MARKERS, Theme, blank, label, legend
from bitscape.retrieval.cutoffs import precision_at
from bitscape.retrieval.precision_recall import precision_by_radius

Methods = Sequence[str]
LEGEND = 1.2
"""Inches beside a panel, for the names of the methods."""
RANKS = 100
"""Results up to which the precision is drawn."""


def draw_quality(
    results: Sequence[Result], methods: Methods, metric: str, chance: float, theme: Theme = LIGHT
) -> Figure:
    """Draw a metric over the code lengths, one line for each method.

    Args:
        results: those that were trained.
        methods: their order, which gives the colours.
        metric: name of the metric.
        chance: expected mAP of a random order, drawn for `map_expected`.
        theme: the colours.
    """
    figure, (panel,) = blank(1, theme, LEGEND)
    _quality(panel, results, methods, metric, chance, theme)
    return figure


def draw_curves(results: Sequence[Result], methods: Methods, bits: int, theme: Theme = LIGHT) -> Figure:
    """Draw the precision-recall curves of all methods at one code length."""
    figure, (panel,) = blank(1, theme, LEGEND)
    _curves(panel, results, methods, bits, theme)
    return figure


def draw_radii(results: Sequence[Result], methods: Methods, bits: int, theme: Theme = LIGHT) -> Figure:
    """Draw the mean precision within each Hamming radius; a query with nothing so near counts 0."""
    figure, (panel,) = blank(1, theme, LEGEND)
    for one, number in _of_length(results, methods, bits):
        values = precision_by_radius(_with_relevant(one))
        panel.plot(np.arange(len(values)), values, color=theme.colour(number), linewidth=2, label=title(one.method))
    panel.set_xlim(0, bits)
    panel.set_ylim(0, 1.02)
    label(panel, theme, f"Precision within a radius at {bits} bits", "Hamming radius", "precision, empty balls 0")
    if panel.lines:
        legend(panel, theme, "beside")
    return figure


def draw_first_ranks(results: Sequence[Result], methods: Methods, bits: int, theme: Theme = LIGHT) -> Figure:
    """Draw the expected precision of the first k results over k."""
    figure, (panel,) = blank(1, theme, LEGEND)
    for one, number in _of_length(results, methods, bits):
        ranks = range(1, min(RANKS, len(one.database)) + 1)
        values = [precision_at(_with_relevant(one), k).mean() for k in ranks]
        panel.plot(ranks, values, color=theme.colour(number), linewidth=2, label=title(one.method))
    panel.set_ylim(0, 1.02)
    label(panel, theme, f"Precision of the first results at {bits} bits", "results", "precision, expected over ties")
    if panel.lines:
        legend(panel, theme, "beside")
    return figure


def draw_comparison(results: Sequence[Result], methods: Methods, metric: str, chance: float, bits: int) -> Figure:
    """Draw both beside each other: the one picture of the comparison."""
    figure, (left, right) = blank(2, LIGHT, LEGEND)
    _quality(left, results, methods, metric, chance, LIGHT)
    _curves(right, results, methods, bits, LIGHT)
    return figure


def _quality(
    panel: Axes, results: Sequence[Result], methods: Methods, metric: str, chance: float, theme: Theme
) -> None:
    for number, method in enumerate(methods):
        own = sorted(
            (one for one in results if one.method == method and metric in one.metrics), key=lambda one: one.bits
        )
        bits, values = [one.bits for one in own], [one.metric(metric) for one in own]
        if own:
            colour, marker = theme.colour(number), MARKERS[number % len(MARKERS)]
            panel.plot(bits, values, color=colour, marker=marker, linewidth=2, markersize=6, label=title(method))
    lengths = sorted({one.bits for one in results})
    if lengths and metric == "map_expected" and not np.isnan(chance):
        panel.axhline(chance, color=theme.faint, linewidth=1, linestyle=(0, (4, 3)), label="random order")
    panel.set_xscale("log", base=2)
    panel.set_xticks(lengths, [str(length) for length in lengths])
    panel.minorticks_off()
    panel.set_ylim(bottom=0)
    label(panel, theme, f"{metric} by code length", "bits", metric)
    if panel.lines:
        legend(panel, theme, "beside")


def _curves(panel: Axes, results: Sequence[Result], methods: Methods, bits: int, theme: Theme) -> None:
    for number, method in enumerate(methods):
        for one in results:
            if (one.method, one.bits) == (method, bits) and len(one.curve.recall):
                panel.plot(
                    one.curve.recall, one.curve.precision, color=theme.colour(number), linewidth=2, label=title(method)
                )
    panel.set_xlim(0, 1)
    panel.set_ylim(0, 1.02)
    label(panel, theme, f"Precision and recall at {bits} bits", "recall", "precision")
    if panel.lines:
        legend(panel, theme, "beside")


def _of_length(results: Sequence[Result], methods: Methods, bits: int) -> Iterator[tuple[Result, int]]:
    """Those of one code length for which something is relevant, in the order of the methods, with their numbers."""
    for number, method in enumerate(methods):
        for one in results:
            if (one.method, one.bits) == (method, bits) and one.counts.relevant.any():
                yield one, number


def _with_relevant(result: Result) -> Histograms:
    kept = result.counts.relevant.any(axis=1)
    return Histograms(result.counts.items[kept], result.counts.relevant[kept])
