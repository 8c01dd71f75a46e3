"""The command `doctor`."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from bitscape.doctor.finding import Finding

MARKS = {"ok": "[green]ok[/]", "note": "[yellow]note[/]", "problem": "[red]problem[/]"}


def doctor(project: Annotated[Path, typer.Option(help="The project's folder.")] = Path()) -> None:
    """Check the installation and the project: what is missing, and what mends it.

    Ends with 1 where something will fail.
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from bitscape.core.progress import progress

    checks = list(_checks(project))
    found: list[Finding] = []
    with progress("check", len(checks)) as advance:
        for check in checks:
            found += check()
            advance()
    shown = Table(show_header=False, box=None, pad_edge=False)
    for one in found:
        mend = f"\n[bold]Mend:[/] {escape(one.mend)}" if one.mend else ""
        shown.add_row(one.subject, MARKS[one.state], escape(one.told) + mend)
    Console().print(shown)
    problems = sum(one.state == "problem" for one in found)
    if problems:
        typer.echo(f"{problems} of {len(found)} checks found a problem.")
        raise typer.Exit(1)
    typer.echo("Nothing is in the way.")


def _checks(root: Path) -> Iterator[Callable[[], list[Finding]]]:
    """Give what is to be checked, in the order in which it is told."""
    from bitscape.doctor import installation, services

    yield lambda: [installation.machine(), installation.python(), installation.packages(root / "requirements.txt")]
    yield lambda: [installation.commands()]
    for name in installation.LIBRARIES:
        yield lambda name=name: [installation.library(name)]  # type: ignore[misc]
    if not (root / "params.yaml").is_file():
        yield lambda: [Finding("project", "note", f"{root.resolve()} is none", "name one with --project")]
    else:
        yield lambda: list(_of_project(root))
    yield lambda: list(services.services())


def _of_project(root: Path) -> Iterator[Finding]:
    from bitscape.doctor import project

    told, params = project.parameters(root)
    yield told
    yield project.photographs(root)
    if params is not None:
        yield from project.weights(root, params)
    yield project.disk(root)
