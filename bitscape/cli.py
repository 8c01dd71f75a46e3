"""The command line. A command is a function registered below; heavy imports belong inside it."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

from bitscape.core.errors import BitscapeError
from bitscape.reporting.columns import best, column
from bitscape.search import commands

PROJECT = typer.Option(help="The project's folder.")


class Commands(TyperGroup):
    """Commands that tell a user's mistake as one sentence and exit with status 1."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; a `BitscapeError` is printed alone, without a traceback."""
        try:
            return super().invoke(ctx)
        except BitscapeError as error:
            typer.echo(f"bitscape: {error}", err=True)
            raise typer.Exit(1) from None


app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def bitscape() -> None:
    """Photo collections as compact binary codes, and the published ways of learning them, compared."""


app.command()(commands.index)
app.command()(commands.query)
app.command()(commands.export)


@app.command("import")
def import_(
    photos: Annotated[Path, typer.Argument(help="A folder of pictures, nested as you like; they are copied.")],
    labels: Annotated[Path | None, typer.Option(help="labels.csv, with paths relative to PHOTOS.")] = None,
    labels_from_folders: Annotated[
        bool, typer.Option("--labels-from-folders", help="The first folder below PHOTOS is the label.")
    ] = False,
    project: Annotated[Path, PROJECT] = Path(),
) -> None:
    """Make a folder of your own pictures the collection, in the place of the present one."""
    from bitscape.collection.importing import Source, replace_collection
    from bitscape.tracking import check_project, recoverable, track

    check_project(project)
    data, previous = project / "data", project / "data.previous"
    filled = data.is_dir() and any(data.iterdir())
    saved = filled and recoverable(project)
    listing = replace_collection(
        Source(photos, labels, labels_from_folders), data, keep=previous if filled and not saved else None
    )
    track(project)
    typer.echo(f"{len(listing.images)} pictures are the collection now, tracked by data.dvc.")
    for name, reason in sorted(listing.refused.items()):
        typer.echo(f"Left out: {name}: {reason}.")
    if saved:
        typer.echo("The previous collection comes back with `git checkout data.dvc && dvc checkout`.")
    elif filled:
        typer.echo(f"The previous collection was not committed to git and DVC; it was moved to {previous}.")
    typer.echo("Next: `dvc repro`, then `bitscape table`.")


@app.command()
def table(project: Annotated[Path, PROJECT] = Path()) -> None:
    """Print the comparison of methods and code lengths, the best of each column in bold."""
    path = project / "reports/comparison.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
    except FileNotFoundError:
        raise BitscapeError(f"{path} is missing; run `dvc repro` to bring it about.") from None
    except ValueError:
        raise BitscapeError(f"{path} is empty; run `dvc repro --force compare`.") from None
    console = Console()
    shown: list[RenderableType] = [_whole(header, rows)]
    if "bits" in header:
        shown += [Group(*_by_length(header, rows)), _first_metric(header, rows)]
    console.print(next((one for one in shown[:-1] if _fits(console, one)), shown[-1]))
    typer.echo("Curves and runs: mlflow ui --backend-store-uri sqlite:///mlflow.db")
    typer.echo(f"Report: {project / 'reports/index.html'}")


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
    shown = Table("method", title=metric, caption="more in reports/comparison.csv")
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
    """Shorten the numbers of a metric to four digits and put the best in bold, as the report does."""
    try:
        numbers = [float(value or "nan") for value in values]
    except ValueError:
        return [Text(value) for value in values]
    if name == "bits":
        return [Text(value) for value in values]
    winners = best(column(name).better, numbers)
    told = [f"{number:.4g}" if value else "" for number, value in zip(numbers, values, strict=True)]
    return [Text.assemble((text, "bold" if index in winners else "")) for index, text in enumerate(told)]


if __name__ == "__main__":
    app()
