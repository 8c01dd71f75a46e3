"""Make the sample collection: `python -m bitscape.collection.sample FOLDER`."""

from pathlib import Path
from typing import Annotated

import typer

from bitscape.collection.sample.generate import generate
from bitscape.core.errors import BitscapeError


def main(
    folder: Annotated[Path, typer.Argument(help="Gets images/, labels.csv and truth/.")],
    seed: Annotated[int, typer.Option(min=0, help="Another seed makes other buildings.")] = 0,
    photographs: Annotated[int, typer.Option(min=1, help="Of each landmark.")] = 16,
) -> None:
    """Render the sample collection into FOLDER."""
    try:
        generate(folder, seed, photographs)
    except BitscapeError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    typer.run(main)
