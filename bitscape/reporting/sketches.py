"""Small drawings that the page makes itself: lines and areas as SVG paths, in the colours of its theme."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bitscape.reporting.result import Result

WIDE, HIGH = 240, 110
"""Units of the drawing; the page scales it."""
Floats = NDArray[np.float64]


class Sketch(NamedTuple):
    """A small drawing of one method.

    Attributes:
        result: of the method at one code length.
        number: the method's place in `params.methods`.
        faint: SVG paths behind.
        strong: the SVG path in the method's colour.
        mark: x and y of a point to mark, or None.
        ends: what stands at the left and the right end of the axis.
        note: what the drawing tells, in a few words.
    """

    result: Result
    number: int
    faint: list[str]
    strong: str
    mark: tuple[float, float] | None
    ends: tuple[str, str]
    note: str


def sketch_distances(results: Sequence[Result], methods: Sequence[str]) -> list[Sketch]:
    """Draw for each method the shares of relevant and of other pairs over their distance, each as an area.

    Args:
        results: of one code length, those that were trained.
        methods: their order, which gives each its number.
    """
    drawn = []
    for one in results:
        across = slice(one.bits + 1)  # no distance is longer, but a last byte has room for more
        relevant = one.counts.relevant.sum(axis=0)[across]
        other = one.counts.items.sum(axis=0)[across] - relevant
        shares = [counts / max(1, counts.sum()) for counts in (other, relevant)]
        top = max(1e-12, *(float(share.max(initial=0)) for share in shares))
        areas = [_steps(share / top) for share in shares]
        note = f"a relevant photograph is nearer in {nearer_share(relevant, other):.0%} of pairs"
        drawn.append(Sketch(one, methods.index(one.method), areas[:1], areas[1], None, ("0", str(one.bits)), note))
    return drawn


def sketch_trainings(results: Sequence[Result], methods: Sequence[str]) -> list[Sketch]:
    """Draw for each learned method the mAP on query_val over the epochs, and behind it the loss terms, scaled.

    Args:
        results: of one code length, those that were trained.
        methods: their order, which gives each its number.
    """
    drawn = []
    for one in results:
        if not one.learned:
            continue
        epochs, quality = one.history["epoch"], one.history["map_expected"]
        terms = [values for name, values in one.history.items() if name not in _NO_TERMS]
        faint = [_line(epochs, term / np.nanmax(np.abs(term))) for term in terms if np.nanmax(np.abs(term), initial=0)]
        place = int(np.flatnonzero(epochs == one.epoch)[0])
        mark = _place(epochs, quality)[place]
        note = f"epoch {one.epoch} of {int(epochs[-1])}, mAP {quality[place]:.3f}"
        ends = ("0", str(int(epochs[-1])))
        strong = _line(epochs, quality)
        drawn.append(Sketch(one, methods.index(one.method), faint, strong, (mark[0], mark[1]), ends, note))
    return drawn


_NO_TERMS = ("epoch", "map_expected", "largest_identical_share")


def nearer_share(relevant: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """Chance that a relevant pair is nearer than another one, equal distances counting half; NaN without either.

    Args:
        relevant: (distances,) relevant pairs at each distance.
        other: the same, of other pairs.
    """
    pairs = float(relevant.sum()) * float(other.sum())
    farther = other.sum() - np.cumsum(other)
    return float((relevant * (farther + other / 2)).sum() / pairs) if pairs else float("nan")


def _place(x: Floats, y: Floats) -> Floats:
    """Scale points with y in [0, 1] to the drawing."""
    across = (x - x.min()) / max(1e-12, float(np.ptp(x))) * WIDE
    return np.stack([across, HIGH - np.clip(y, 0, 1) * (HIGH - 4)], axis=1)


def _line(x: Floats, y: Floats) -> str:
    known = ~np.isnan(y)
    points = _place(x, np.where(known, y, 0.0))[known]
    return "M" + "L".join(f"{across:.1f} {down:.1f}" for across, down in points) if len(points) else ""


def _steps(share: Floats) -> str:
    """An area with a step for each distance."""
    edges = np.linspace(0, WIDE, len(share) + 1)
    heights = HIGH - np.clip(share, 0, 1) * (HIGH - 4)
    steps = "".join(f"V{down:.1f}H{right:.1f}" for down, right in zip(heights, edges[1:], strict=True))
    return f"M0 {HIGH}{steps}V{HIGH}Z"
