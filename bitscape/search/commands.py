"""The commands `index`, `query` and `export`; heavy imports belong inside them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bitscape.core.errors import BitscapeError

if TYPE_CHECKING:
    from bitscape.search.bundle import Bundle
    from bitscape.search.manifest import Model

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
    from bitscape.search.options import settings_of
    from bitscape.search.places import check_folder, place
    from bitscape.search.saving import check_place

    if like is not None and folder is None:
        raise BitscapeError("--like takes the model from a bundle; say also which FOLDER is to be encoded.")
    settings = settings_of(kind, option or [])
    if like is not None:
        bundle = load(like).with_index(settings)
        model = bundle.model
        _check_model(str(like), "--like", model, method, bits)
    else:
        from bitscape.search.project import bundle_of, choose

        model = choose(project, method, bits)
    target = out or place(project, model, folder)
    check_place(target)
    if folder is not None and out is None:
        check_folder(target, folder)
    if like is None:
        bundle = bundle_of(project, model, settings, empty=folder is not None)
    if folder is not None:
        from bitscape.search.folder import forget, index_folder

        home = target.resolve()
        state = home.with_name(f".{home.name}.resume")
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
    from bitscape.core.place import check_file
    from bitscape.search.loading import load
    from bitscape.search.places import find_bundle
    from bitscape.search.printing import print_hits

    if depth is not None and rerank is None:
        raise BitscapeError(
            f"--depth {depth} is how many results --rerank looks at; say also --rerank, or leave it out."
        )
    folder = bundle or find_bundle(project, method, bits)
    asked = load(folder)
    _check_model(str(bundle), "--bundle", asked.model, method, bits)
    if out is not None:
        check_file(out, [photo, *folder.iterdir(), *(asked.photographs / image for image in asked.images)])
    (hits,) = asked.search(photo, top, rerank=rerank, depth=depth)
    print_hits(folder, asked, hits)
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
    from bitscape.core.place import check_file
    from bitscape.search.export import export as write
    from bitscape.search.loading import load
    from bitscape.search.places import find_bundle

    folder = bundle or find_bundle(project, method, bits)
    chosen = load(folder)
    _check_model(str(bundle), "--bundle", chosen.model, method, bits)
    check_file(out, [*folder.iterdir(), *(chosen.photographs / image for image in chosen.images)])
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


def _check_model(bundle: str, option: str, model: "Model", method: str | None, bits: int | None) -> None:
    """Check that a bundle that was named is of the method and the code length that were named."""
    for name, wanted, has in (("method", method, model.method), ("bits", bits, model.bits)):
        if wanted not in (None, has):
            raise BitscapeError(f"{bundle} is of --{name} {has}, not {wanted}; leave --{name} or {option} out.")
