"""The commands `index`, `query` and `export`; heavy imports belong inside them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bitscape.core.errors import BitscapeError

if TYPE_CHECKING:
    from bitscape.search.bundle import Bundle
    from bitscape.search.hit import Hit
    from bitscape.search.index import IndexSettings

CHECKED = 16  # photographs that an exported graph is checked on

Project = Annotated[Path, typer.Option(help="The project's folder.")]
Method = Annotated[str | None, typer.Option(help="A trained method; else the best on query_val.")]
Bits = Annotated[int | None, typer.Option(help="A code length; else the best on query_val.")]


def index(
    folder: Annotated[
        Path | None, typer.Argument(help="Any folder of photographs; left out, the project's own database.")
    ] = None,
    method: Method = None,
    bits: Bits = None,
    kind: Annotated[str, typer.Option("--index", help="flat (exact) | ivf | multihash | hnsw")] = "flat",
    option: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A setting of the index: probes, beam ...")
    ] = None,
    like: Annotated[Path | None, typer.Option(help="A bundle whose model is taken; no project is needed.")] = None,
    out: Annotated[Path | None, typer.Option(help="The bundle to write; else below bundles/.")] = None,
    project: Project = Path(),
) -> None:
    """Make a bundle that can be searched: codes, names, index and model in one folder.

    With FOLDER its photographs are encoded. What was encoded when a run is stopped is not encoded again, and what an
    earlier bundle holds neither.
    """
    from bitscape.search.index import recall
    from bitscape.search.loading import load
    from bitscape.search.places import check_folder, place
    from bitscape.search.saving import check_place

    if like is not None and folder is None:
        raise BitscapeError("--like takes the model from a bundle; say also which FOLDER is to be encoded.")
    settings = _settings(kind, option or [])
    if like is not None:
        bundle = load(like).with_index(settings)
    else:
        from bitscape.search.project import bundle_of, choose

        bundle = bundle_of(project, choose(project, method, bits), settings, empty=folder is not None)
    target = out or place(project, bundle.model, folder)
    check_place(target)
    if folder is not None and out is None:
        check_folder(target, folder)
    if folder is not None:
        from bitscape.search.folder import forget, index_folder

        state = target.with_name(f".{target.name}.resume")
        known = _known(target)
        refused = index_folder(bundle, folder, state, known)
        for name, reason in sorted(refused.items()):
            typer.echo(f"Left out: {name}: {reason}.")
        bundle.save(target)
        forget(state)
    else:
        bundle.save(target)
    typer.echo(f"{target}: {len(bundle.images)} photographs, {bundle.model.method} at {bundle.model.bits} bits.")
    if kind != "flat":
        typer.echo(f"Recall of the 10 nearest against the exact scan: {recall(bundle.index, bundle.codes, 10):.3f}")
    typer.echo(f"Next: `bitscape query PHOTO --bundle {target}`.")


def query(
    photo: Annotated[Path, typer.Argument(help="A photograph.")],
    method: Method = None,
    bits: Bits = None,
    top: Annotated[int, typer.Option(min=1, help="How many results.")] = 10,
    out: Annotated[Path | None, typer.Option(help="Write a contact sheet, one HTML file.")] = None,
    rerank: Annotated[
        str | None, typer.Option(help="outputs: by real-valued codes | geometry: by verified SIFT matches (slow)")
    ] = None,
    depth: Annotated[int | None, typer.Option(min=1, help="How many results --rerank looks at.")] = None,
    bundle: Annotated[Path | None, typer.Option(help="The bundle to ask; else the best below bundles/.")] = None,
    project: Project = Path(),
) -> None:
    """Find the photographs that are most like PHOTO."""
    from bitscape.search.loading import load
    from bitscape.search.places import find_bundle

    folder = bundle or find_bundle(project, method, bits)
    asked = load(folder)
    for name, wanted, has in (("method", method, asked.model.method), ("bits", bits, asked.model.bits)):
        if wanted not in (None, has):
            raise BitscapeError(f"{bundle} is of --{name} {has}, not {wanted}; leave --{name} or --bundle out.")
    (hits,) = asked.search(photo, top, rerank=rerank, depth=depth)
    _print(folder, asked, hits)
    if out is not None:
        from bitscape.search.sheet import write_sheet

        write_sheet(out, photo, asked, hits)
        typer.echo(f"Contact sheet: {out}")


def export(
    out: Annotated[Path, typer.Argument(help="The .onnx file to write.")],
    method: Method = None,
    bits: Bits = None,
    bundle: Annotated[
        Path | None, typer.Option(help="The bundle with the model; else the best below bundles/.")
    ] = None,
    project: Project = Path(),
) -> None:
    """Write backbone and head as one ONNX graph, and check its codes against torch on photographs of the bundle."""
    from bitscape.search.export import export as write
    from bitscape.search.loading import load
    from bitscape.search.places import find_bundle

    chosen = load(bundle or find_bundle(project, method, bits))
    there = [path for image in chosen.images if (path := chosen.photographs / image).is_file()]
    agreement = write(chosen, out, there[:: max(1, len(there) // CHECKED)][:CHECKED])
    typer.echo(f"{out}: {chosen.model.method} at {chosen.model.bits} bits, from (n, 3, S, S) uint8 RGB to (n, bits).")
    typer.echo(
        f"On {agreement.photographs} photographs the outputs differ from torch's by {agreement.largest:.1e} at most; "
        f"{agreement.flipped} bits differ."
    )


def _known(target: Path) -> "Bundle | None":
    """Load the bundle that is to be replaced, so that what it holds is not encoded again; tell why it cannot be."""
    from bitscape.search.loading import load

    if not (target / "manifest.json").is_file():
        return None
    try:
        return load(target)
    except BitscapeError as error:
        typer.echo(f"Nothing is taken from the bundle that is there: {str(error).partition('; make')[0]}.")
        return None


def _settings(kind: str, options: list[str]) -> "IndexSettings":
    """Read the kind and the settings of an index."""
    from pydantic import ValidationError

    from bitscape.search.index import IndexSettings

    pairs: dict[str, Any] = {}
    for text in options:
        name, equals, value = text.partition("=")
        if not equals or name == "kind":
            raise BitscapeError(f"--set {text}: say NAME=VALUE, such as --set probes=16.")
        pairs[name] = value
    try:
        return IndexSettings.model_validate({"kind": kind, **pairs})
    except ValidationError as error:
        first = error.errors()[0]
        where = str(first["loc"][0]) if first["loc"] else "settings"
        known = ", ".join(IndexSettings.model_fields)
        raise BitscapeError(f"The index's {where}: {first['msg']}; its settings are {known}.") from None


def _print(folder: Path, bundle: "Bundle", hits: "list[Hit]") -> None:
    """Print the results as a table."""
    from rich.console import Console
    from rich.table import Table

    measured = [name for name in ("similarity", "inliers") if hits and getattr(hits[0], name) is not None]
    shown = Table(
        title=f"{bundle.model.method} at {bundle.model.bits} bits, {len(bundle.images)} photographs",
        caption=str(folder),
    )
    for name in ("", "distance", *measured):
        shown.add_column(name, justify="right", no_wrap=True)
    shown.add_column("photograph", overflow="fold")
    for place, hit in enumerate(hits, start=1):
        more = [f"{value:.3f}" if isinstance(value := getattr(hit, name), float) else str(value) for name in measured]
        shown.add_row(str(place), str(hit.distance), *more, hit.image)
    Console().print(shown)
