"""`bitscape score`: from files of codes to a table and JSON, without any pipeline."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitscape.core.errors import BitscapeError

if TYPE_CHECKING:
    from rich.table import Table

    from bitscape.retrieval.files import Coded
    from bitscape.retrieval.protocol import Protocol
    from bitscape.retrieval.score import Card
    from bitscape.retrieval.truth import Truth


def score_files(
    database: Path,
    queries: Path,
    *,
    database_labels: Path | None,
    query_labels: Path | None,
    relevance: Path | None,
    protocol: str | None,
    metrics: list[str],
    empty_query: str | None,
    against: tuple[Path, Path] | None = None,
) -> tuple["Card", dict[str, Any]]:
    """Read what `bitscape score` is given and measure it.

    Args:
        database: codes, `.npy` or `.npz`.
        queries: the same.
        database_labels: where the file of codes has none.
        query_labels: the same.
        relevance: in the place of labels.
        protocol: name of one; None for this project's own metrics.
        metrics: names of metrics, in the place of the protocol's.
        empty_query: in the place of the protocol's.
        against: codes of the same photographs by another method, database and queries.

    Returns:
        The measures, and what was measured under which rules, for the JSON file.

    Raises:
        BitscapeError: if something does not fit together.
    """
    from bitscape.retrieval.files import read_codes
    from bitscape.retrieval.protocol import find_protocol
    from bitscape.retrieval.score import differences, score

    rules = find_protocol(protocol or "unseen-photographs")
    if empty_query not in (None, "exclude", "zero", "error"):
        raise BitscapeError(f"--empty-query {empty_query} is none of exclude, zero and error.")
    policy: Any = empty_query or rules.empty_query
    searched, asking = read_codes(database), read_codes(queries)
    if searched.bits != asking.bits:
        raise BitscapeError(
            f"{queries} has codes of {asking.bits} bits and {database} of {searched.bits}; "
            "encode both with the same model."
        )
    truth = _truth(searched, asking, database_labels, query_labels, relevance, rules)
    names = metrics or list(rules.metrics)
    card = score(asking.codes, searched.codes, truth, names, policy, searched.bits)
    told = {
        "protocol": protocol or "none",
        "empty_query": policy,
        "bits": searched.bits,
        "database": len(searched.codes),
    }
    told |= card.to_json()
    if against:
        other = _same_photographs(against[0], searched, database), _same_photographs(against[1], asking, queries)
        theirs = score(other[1].codes, other[0].codes, truth, names, policy, other[0].bits)
        told["against"] = {name: one._asdict() for name, one in differences(card, theirs).items()}
    return card, told


def _same_photographs(path: Path, ours: "Coded", name: Path) -> "Coded":
    from bitscape.retrieval.files import read_codes

    theirs = read_codes(path)
    if len(theirs.codes) != len(ours.codes):
        raise BitscapeError(
            f"--against: {path} has {len(theirs.codes)} codes and {name} {len(ours.codes)}; give codes of the same "
            "photographs in the same order."
        )
    return theirs


def as_pairs(pairs: dict[str, dict[str, Any]]) -> "Table":
    """Lay the differences to another method out: mean, interval, and on how many queries which is better."""
    from rich.table import Table

    table = Table(title="Difference to the other, query by query", title_justify="left", box=None, padding=(0, 1))
    for head in ("metric", "mean", "95 % over\nqueries", "better", "worse"):
        table.add_column(head, justify="left" if head == "metric" else "right", overflow="fold", vertical="bottom")
    for name, one in pairs.items():
        interval = f"{one['low']:+.3f} to {one['high']:+.3f}"
        table.add_row(name, f"{one['mean']:+.4f}", interval, str(one["wins"]), str(one["losses"]))
    return table


def as_table(card: "Card", title: str) -> "Table":
    """Lay the metrics out: mean, interval, bounds."""
    from rich.table import Table

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

    from bitscape.core.storage import publish
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
            f"{first.per_class[worst]:.4f}, of {worst}."
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


def _truth(
    searched: "Coded",
    asking: "Coded",
    database_labels: Path | None,
    query_labels: Path | None,
    relevance: Path | None,
    rules: "Protocol",
) -> "Truth":
    from bitscape.retrieval.files import read_labels, read_relevance
    from bitscape.retrieval.labelled import of_labels
    from bitscape.retrieval.truth import Grades, of_lists, revisited

    if relevance is None:
        if rules.relevance == "given":
            raise BitscapeError(
                f"The protocol {rules.name} needs --relevance with lists of relevant photographs and junk."
            )
        labels = [
            one.labels if path is None else read_labels(path, len(one.codes))
            for one, path in ((asking, query_labels), (searched, database_labels))
        ]
        if labels[0] is None or labels[1] is None:
            side = "queries" if labels[0] is None else "database"
            raise BitscapeError(
                f"The {side} have no labels; add an array `labels` to the .npz, name a file with --query-labels and "
                "--database-labels, or give --relevance."
            )
        return of_labels(labels[0], labels[1])
    lists = read_relevance(relevance, len(asking.codes), len(searched.codes))
    if "grades" in lists:
        return Grades(lists["grades"])
    setting = rules.name.removeprefix("revisited-")
    if setting in ("easy", "medium", "hard"):
        if "easy" not in lists and "hard" not in lists:
            raise BitscapeError(f"{relevance} has no lists `easy` and `hard`, which {rules.name} asks for.")
        none: list[list[int]] = [[] for _ in lists["junk"]]
        easy, hard = lists.get("easy", none), lists.get("hard", none)
        return revisited(easy, hard, lists["junk"], len(searched.codes), setting)  # type: ignore[arg-type]
    if "relevant" not in lists:
        raise BitscapeError(
            f"{relevance} has no lists `relevant`; with `easy` and `hard` say --protocol revisited-medium."
        )
    return of_lists(lists["relevant"], lists["junk"], len(searched.codes))
