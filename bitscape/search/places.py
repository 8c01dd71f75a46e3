"""Where bundles lie, and which one is meant."""

import sys
from pathlib import Path

from bitscape.core.errors import BitscapeError
from bitscape.search.manifest import NAME, Model, read_manifest

BUNDLES = Path("bundles")


def place(root: Path, model: Model, folder: Path | None = None) -> Path:
    """Name the bundle of a method: `bundles/METHOD-BITS`, for a folder of photographs `bundles/METHOD-BITS-FOLDER`."""
    name = f"{model.method}-{model.bits}"
    return root / BUNDLES / (name if folder is None else f"{name}-{folder.resolve().name}")


def check_folder(bundle: Path, folder: Path) -> None:
    """Check that a bundle, where it is there, is of this folder and not of another of the same name.

    Raises:
        BitscapeError: if it is.
    """
    try:
        held = (bundle / read_manifest(bundle).photographs).resolve()
    except BitscapeError:  # there is none that could be lost
        return
    if held != folder.resolve():
        raise BitscapeError(f"{bundle} is of {held}, and not of {folder}; name another place with --out, or remove it.")


def find_bundle(root: Path, method: str | None = None, bits: int | None = None) -> Path:
    """Find the bundle to ask: the one whose method was best on `query_val`.

    Of equal ones it is the project's own, `METHOD-BITS`, and not that of a folder of photographs. One that cannot be
    read is told on standard error.

    Args:
        root: the project's folder.
        method: consider bundles of this method alone.
        bits: consider bundles of this code length alone.

    Raises:
        BitscapeError: if there is none.
    """
    folders = sorted(path.parent for path in (root / BUNDLES).glob(f"*/{NAME}"))
    found = []
    for folder in folders:
        try:
            found.append((folder, read_manifest(folder).model))
        except BitscapeError as error:  # a damaged one stops its own queries alone
            print(f"Not considered: {error}", file=sys.stderr)
    fitting = [one for one in found if method in (None, one[1].method) and bits in (None, one[1].bits)]
    if not fitting:
        asked = "".join([f" --method {method}" if method else "", f" --bits {bits}" if bits else ""])
        raise BitscapeError(f"{root / BUNDLES} has no such bundle; make one with `bitscape index{asked}`.")
    return min(fitting, key=lambda one: (-(one[1].score or 0), one[0] != place(root, one[1]), one[0].name))[0]
