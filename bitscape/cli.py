"""The command line. A command is a function registered below; heavy imports belong inside it."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperGroup

from bitscape.core.errors import BitscapeError
from bitscape.doctor.command import doctor
from bitscape.reporting.terminal import print_comparison
from bitscape.scoring.command import score
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
app.command()(doctor)
app.command()(score)


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
    print_comparison(path, Console())
    store = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{project / 'mlflow.db'}"
    typer.echo(f"Curves and runs: mlflow ui --backend-store-uri {store}")
    typer.echo(f"Report: {project / 'reports/index.html'}")


@app.command()
def pairs(
    query: Annotated[
        list[str] | None, typer.Option(help="Photographs to show, as paths below data/images; several times.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=50, help="Photographs drawn at random where none is named.")] = 6,
    most: Annotated[int, typer.Option(min=1, max=20, help="Positives and negatives of each, at most.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Of the draw.")] = 0,
    sheet: Annotated[Path | None, typer.Option(help="The contact sheet; pairs.png in the project's folder.")] = None,
    project: Annotated[Path, PROJECT] = Path(),
) -> None:
    """Count the mined pairs and draw examples: positives and hard negatives of some photographs."""
    from bitscape.core.table import IMAGES, read_collection
    from bitscape.reporting.contact_sheet import write_sheet
    from bitscape.reporting.mined import choose_examples, count_by_model, example, read_mined

    names, mined = read_collection(project)["image"].tolist(), read_mined(project)
    Console().print(_counted(count_by_model(mined)))
    alone = int((mined.images["model"] < 0).sum())
    typer.echo(f"{len(mined.images)} training photographs, {alone} of them in no model.")
    chosen = [_photograph(name, names, mined.images["image"]) for name in query or []]
    chosen = chosen or choose_examples(mined, count, seed)
    if not chosen:
        raise BitscapeError("there is no positive pair to draw; add photographs that show the same places as others.")
    target = sheet or project / "pairs.png"
    write_sheet(
        [example(mined, one, most) for one in chosen], [project / IMAGES / name for name in names], names, target
    )
    typer.echo(f"Examples: {target}")


def _counted(counts: Any) -> Table:
    """The counts of each model and of all."""
    shown = Table("model", title="Mined pairs")
    for name in counts.columns:
        shown.add_column(name.replace("_", " "), justify="right")
    for model, row in counts.iterrows():
        shown.add_row(str(model), *("" if value != value else f"{value:,.0f}" for value in row))
    shown.add_section()
    totals = [f"{counts[name].sum():,}" if name != "shared_points" else "" for name in counts.columns]
    shown.add_row("all", *totals, style="bold")
    return shown


def _photograph(name: str, names: list[str], training: Any) -> int:
    """Find a training photograph by its path."""
    from difflib import get_close_matches

    if name not in names:
        near = get_close_matches(name, names, n=1)
        hint = f", did you mean {near[0]}?" if near else "."
        raise BitscapeError(f"there is no photograph {name} in the collection{hint}")
    index = names.index(name)
    if index not in set(training):
        raise BitscapeError(f"{name} is no training photograph, and pairs are mined from these alone.")
    return index


if __name__ == "__main__":
    app()
