"""The command `score`."""

from pathlib import Path
from typing import Annotated

import typer

from bitscape.core.errors import BitscapeError


def score(
    database: Annotated[Path, typer.Argument(help="Codes that are searched: .npy, or .npz with `codes` and `labels`.")],
    queries: Annotated[Path, typer.Argument(help="Codes that ask, in the same form.")],
    database_labels: Annotated[Path | None, typer.Option(help="Labels of the database: .npy, or text.")] = None,
    query_labels: Annotated[Path | None, typer.Option(help="Labels of the queries.")] = None,
    relevance: Annotated[Path | None, typer.Option(help="In the place of labels: .npz, .npy or .json.")] = None,
    protocol: Annotated[str | None, typer.Option(help="Metrics and rules of a paper, such as dsrh or ath.")] = None,
    metric: Annotated[
        list[str] | None, typer.Option(help="Name of a metric, in the place of the protocol's; repeatable.")
    ] = None,
    bits: Annotated[int | None, typer.Option(min=1, help="Code length of packed codes, if no whole bytes.")] = None,
    empty_query: Annotated[str | None, typer.Option(help="Queries without anything: exclude, zero or error.")] = None,
    against: Annotated[
        tuple[Path, Path] | None, typer.Option(help="Database and queries of another method, to compare in pairs.")
    ] = None,
    curves: Annotated[Path | None, typer.Option(help="Folder for the curves, as table and picture.")] = None,
    output: Annotated[Path | None, typer.Option(help="Write all that was measured as JSON.")] = None,
) -> None:
    """Measure anyone's codes: packed bytes, -1 and +1, or 0 and 1, with labels or lists of what is relevant."""
    from rich.console import Console
    from rich.markup import escape

    from bitscape.core.storage import write_json
    from bitscape.reporting.score_card import as_pairs, as_table, remarks, write_curves
    from bitscape.scoring.score_files import score_files

    given = [database, queries, database_labels, query_labels, relevance, *(against or ())]
    if output and output.resolve() in {path.resolve() for path in given if path}:
        raise BitscapeError(f"--output {output} is one of the files that are measured; name another.")
    card, told = score_files(
        database,
        queries,
        database_labels=database_labels,
        query_labels=query_labels,
        relevance=relevance,
        protocol=protocol,
        metrics=metric or [],
        empty_query=empty_query,
        bits=bits,
        against=against,
    )
    Console().print(as_table(card, escape(f"{queries.name} in {database.name}, {told['bits']} bits")))
    if "against" in told:
        Console().print(as_pairs(told["against"]))
    for sentence in remarks(card):
        typer.echo(sentence)
    if curves:
        write_curves(card, curves, told["bits"])
        typer.echo(f"Written: {curves / 'curves.csv'}, {curves / 'curves.png'}")
    if output:
        write_json(output, told)
        typer.echo(f"Written: {output}")
