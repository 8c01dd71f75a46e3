"""The comparison of methods and code lengths in a terminal, as wide as that is."""

import csv
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from bitscape.core.errors import BitscapeError
from bitscape.reporting.columns import best, column


def print_comparison(path: Path, console: Console) -> None:
    """Print the table that `compare` wrote, the best of each column in bold.

    All metrics in one table where they fit; else a table for each code length; else the first metric alone.

    Args:
        path: `comparison.csv`; columns `method`, `bits` and the metrics.
        console: where to.

    Raises:
        BitscapeError: if there is no such file, or it holds something else.
    """
    again = "run `dvc repro --force compare`"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
    except FileNotFoundError:
        raise BitscapeError(f"{path} is missing; run `dvc repro` to bring it about.") from None
    except UnicodeDecodeError:
        raise BitscapeError(f"{path} is no text in UTF-8; {again}.") from None
    except (ValueError, csv.Error):
        raise BitscapeError(f"{path} is empty; {again}.") from None
    if header[:2] != ["method", "bits"] or len(header) < 3 or any(len(row) != len(header) for row in rows):
        raise BitscapeError(f"{path} is no table of `method`, `bits` and metrics; {again}.")
    shown: list[RenderableType] = [_whole(header, rows), Group(*_by_length(header, rows))]
    for one in shown:
        if _fits(console, one):
            console.print(one)
            return
    console.print(_first_metric(header, rows))
    console.print(f"More in {path}", soft_wrap=True, highlight=False)


def _whole(header: list[str], rows: list[list[str]]) -> Table:
    """One table with the columns as they are."""
    shown = Table(title="Comparison")
    for name in header:
        shown.add_column(name, justify="left" if name == "method" else "right", no_wrap=True)
    columns = [_marked(name, [row[index] for row in rows]) for index, name in enumerate(header)]
    for row in zip(*columns, strict=True):
        shown.add_row(*row)
    return shown


def _by_length(header: list[str], rows: list[list[str]]) -> Iterator[Table]:
    """For a narrow terminal: a table per code length, methods side by side, the columns as lines."""
    length, method = header.index("bits"), header.index("method")
    for bits in dict.fromkeys(row[length] for row in rows):
        own = [row for row in rows if row[length] == bits]
        shown = Table("", *(row[method] for row in own), title=f"{bits} bits", title_justify="left")
        for index, name in enumerate(header):
            if index not in (length, method):
                shown.add_row(name, *_marked(name, [row[index] for row in own]))
        yield shown


def _first_metric(header: list[str], rows: list[list[str]]) -> Table:
    """For many methods: a line for each, with its first metric, which is the one that they are compared by."""
    length, method, metric = header.index("bits"), header.index("method"), header[2]
    lengths = list(dict.fromkeys(row[length] for row in rows))
    shown = Table("method", title=metric, title_justify="left")
    columns = []
    for bits in lengths:
        shown.add_column(f"{bits} bits", justify="right")
        own = {row[method]: row[2] for row in rows if row[length] == bits}
        columns.append(_marked(metric, [own.get(name, "") for name in dict.fromkeys(row[method] for row in rows)]))
    for name, *values in zip(dict.fromkeys(row[method] for row in rows), *columns, strict=True):
        shown.add_row(name, *values)
    return shown


def _fits(console: Console, shown: RenderableType) -> bool:
    return Measurement.get(console, console.options.update(max_width=10_000), shown).maximum <= console.width


def _marked(name: str, values: list[str]) -> list[Text]:
    """Give a metric four decimals, and counts none, and put the best in bold, as the report does."""
    try:
        numbers = [float(value or "nan") for value in values]
    except ValueError:
        return [Text(value) for value in values]
    if name == "bits":
        return [Text(value) for value in values]
    winners = best(column(name).better, numbers)
    decimals = 0 if all(number.is_integer() for number, value in zip(numbers, values, strict=True) if value) else 4
    told = [f"{number:.{decimals}f}" if value else "" for number, value in zip(numbers, values, strict=True)]
    return [Text.assemble((text, "bold" if index in winners else "")) for index, text in enumerate(told)]
