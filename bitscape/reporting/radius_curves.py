"""The curves of one set of codes: precision over recall, and precision over the radius."""

from matplotlib.figure import Figure

from bitscape.reporting.style import LIGHT, blank, label, legend
from bitscape.retrieval.precision_recall import ByRadius


def draw_by_radius(curves: ByRadius, bits: int) -> Figure:
    """Draw precision over recall, and both forms of the precision within a radius.

    Args:
        curves: recall and precision within each radius.
        bits: code length.
    """
    figure, (left, right) = blank(2, LIGHT)
    left.plot(curves.recall, curves.precision_empty_skip, color=LIGHT.colour(0), linewidth=2)
    left.set_xlim(0, 1)
    label(left, LIGHT, f"Precision and recall at {bits} bits", "recall", "precision")
    for number, (told, values) in enumerate(
        {"empty balls out": curves.precision_empty_skip, "empty balls 0": curves.precision_empty_zero}.items()
    ):
        right.plot(curves.radius, values, color=LIGHT.colour(number), linewidth=2, label=told)
    right.set_xlim(0, bits)
    label(right, LIGHT, f"Precision within a radius at {bits} bits", "Hamming radius", "precision")
    legend(right, LIGHT, "upper right")
    for panel in (left, right):
        panel.set_ylim(0, 1.02)
    return figure
