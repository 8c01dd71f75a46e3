"""What `bitscape score` measured: tables for a terminal, remarks beside them, and the curves as files."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from bitscape.core.errors import BitscapeError
from bitscape.core.storage import publish

if TYPE_CHECKING:
    from bitscape.retrieval.card import Card


def as_pairs(pairs: dict[str, dict[str, Any]]) -> Table:
    """Lay the differences to another method out: mean, interval, and on how many queries which is better."""
    table = Table(title="Difference to the other, query by query", title_justify="left", box=None, padding=(0, 1))
    for head in ("metric", "mean", "95 % over\nqueries", "better", "worse"):
        table.add_column(head, justify="left" if head == "metric" else "right", overflow="fold", vertical="bottom")
    for name, one in pairs.items():
        interval = f"{one['low']:+.3f} to {one['high']:+.3f}"
        table.add_row(name, f"{one['mean']:+.4f}", interval, str(one["wins"]), str(one["losses"]))
    return table


def as_table(card: "Card", title: str) -> Table:
    """Lay the metrics out: mean, interval, bounds."""
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1))
    classes = any(line.per_class for line in card.lines)
    heads = ("metric", "mean", "95 % over\nqueries", "worst\nties", "best\nties", *(("macro",) if classes else ()))
    for head in heads:
        table.add_column(head, justify="left" if head == "metric" else "right", overflow="fold", vertical="bottom")
    for line in card.lines:
        bounds = ["-" if value is None else f"{value:.4f}" for value in (line.worst_ties, line.best_ties)]
        macro = [f"{line.macro:.4f}"] if classes else []
        table.add_row(line.name, f"{line.mean:.4f}", f"{line.low:.3f}-{line.high:.3f}", *bounds, *macro)
    return table


def write_curves(card: "Card", folder: Path, bits: int) -> None:
    """Write what lies within each radius, as a table and as a picture.

    Args:
        card: what was measured.
        folder: gets `curves.csv` and `curves.png`; made where it is missing.
        bits: code length.

    Raises:
        BitscapeError: if there is a file in the place of the folder.
    """
    import pandas as pd

    from bitscape.reporting.radius_curves import draw_by_radius
    from bitscape.reporting.style import png

    if folder.exists() and not folder.is_dir():
        raise BitscapeError(f"--curves {folder} is a file; name a folder, which gets curves.csv and curves.png.")
    folder.mkdir(parents=True, exist_ok=True)
    with publish(folder / "curves.csv") as path:
        pd.DataFrame(card.curves._asdict()).to_csv(path, index=False, float_format="%.6f", lineterminator="\n")
    with publish(folder / "curves.png") as path:
        path.write_bytes(png(draw_by_radius(card.curves, bits)))


def remarks(card: "Card") -> list[str]:
    """Tell in sentences what belongs beside the metrics."""
    health = card.health
    told = [
        f"{card.queries} queries; nothing is relevant to {card.without_relevant}. Most items at one distance: "
        f"{card.largest_tie}.",
        f"Codes of the database: {health.distinct_share:.3f} of them distinct, share of the most frequent one "
        f"{health.largest_share:.4f}, imbalance of bits {health.imbalance:.3f}, correlation {health.correlation:.3f}.",
    ]
    if card.lines and card.lines[0].per_class:
        first = card.lines[0]
        worst = min(first.per_class, key=lambda name: first.per_class[name])
        told.append(
            f"Macro is the mean of the {len(first.per_class)} classes' means; the lowest {first.name} is "
            f"{first.per_class[worst]:.4f}, of {worst}. 95 % over queries of the macro {first.name}: "
            f"{first.macro_low:.3f}-{first.macro_high:.3f}."
        )
    if health.collapsed:
        told.append(
            f"Warning: the codes have collapsed, {health.largest_share:.0%} of the database have one and the same "
            "code; the best order of the ties means nothing here."
        )
    if card.lines and all(math.isnan(line.mean) for line in card.lines):
        told.append(
            "Warning: every metric is a mean over no query, as nothing in the database is relevant to any; see that "
            "labels or relevance of both sides name the same things."
        )
    if card.skipped:
        told.append(f"Left out, as the grades are too large for gains of 2^grade: {', '.join(card.skipped)}.")
    return told
