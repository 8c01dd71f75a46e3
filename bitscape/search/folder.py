"""Any folder of photographs as a bundle: resumable, and only what is new is encoded."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from numpy.typing import NDArray

from bitscape.collection.listing import find
from bitscape.core.errors import BitscapeError
from bitscape.core.photograph import open_photograph
from bitscape.core.progress import follow, progress
from bitscape.core.storage import publish, remove
from bitscape.hamming.codes import pack
from bitscape.networks.backbones import choose_device
from bitscape.networks.features import to_square
from bitscape.search.bundle import Bundle
from bitscape.search.encoding import run
from bitscape.search.manifest import sha256

BLOCK = 64
"""Photographs of one file of the state; so many are lost at most where a run is stopped."""


def index_folder(bundle: Bundle, folder: Path, state: Path, known: Bundle | None = None) -> dict[str, str]:
    """Fill a bundle with all photographs below a folder, in the order of their names.

    Args:
        bundle: with the model; whatever photographs it held are left out.
        folder: the photographs.
        state: folder for what is encoded so far; a run that was stopped goes on from it.
        known: an earlier bundle; of the same model, photographs of equal name and content are taken from it.

    Returns:
        For each file that is no photograph, the reason.

    Raises:
        BitscapeError: if no photograph is there.
    """
    if not folder.is_dir():
        raise BitscapeError(
            f"{folder} {'is not a folder' if folder.exists() else 'is missing'}; give one of photographs."
        )
    listing = find(folder, follow_links=True)
    refused = dict(listing.refused)
    sums = {name: sha256(folder / name) for name in follow(listing.images, "read photographs", len(listing.images))}
    model = fingerprint(bundle)
    rows: dict[str, NDArray[np.float32]] = {}
    if known is not None and fingerprint(known) == model:
        had = zip(known.images, known.sums, known.outputs, strict=True)
        rows = {name: outputs for name, content, outputs in had if sums.get(name) == content}
    missing = [name for name in listing.images if name not in rows]
    with progress("encode photographs", len(listing.images)) as advance:
        advance(len(rows))
        for names, outputs, reasons in _encoded(bundle, folder, missing, sums, state, model):
            refused |= reasons
            rows |= zip((name for name in names if name not in reasons), outputs, strict=True)
            advance(len(names))
    bundle.photographs = folder.resolve()
    bundle.images = [name for name in listing.images if name in rows]
    if not bundle.images:
        raise BitscapeError(f"{folder} holds no photographs; give a folder with JPEG, PNG, WebP or TIFF files.")
    bundle.sums = [sums[name] for name in bundle.images]
    bundle.outputs = np.stack([rows[name] for name in bundle.images])
    bundle.codes, bundle._index = pack(bundle.outputs), None
    return refused


def fingerprint(bundle: Bundle) -> str:
    """Give a checksum of all that a photograph's outputs depend on beside the photograph."""
    total = hashlib.sha256(bundle.model.model_dump_json(exclude={"score"}).encode())
    total.update(b"" if bundle.transform is None else bundle.transform.model_dump_json().encode())
    for name, tensor in sorted(bundle.weights.items()):
        total.update(f"{name} {tensor.shape}".encode() + np.ascontiguousarray(tensor).tobytes())
    return total.hexdigest()


def _encoded(
    bundle: Bundle, folder: Path, names: Sequence[str], sums: dict[str, str], state: Path, model: str
) -> Iterator[tuple[Sequence[str], NDArray[np.float32], dict[str, str]]]:
    """Yield names, the outputs of those that are photographs, and why the others are not, block by block."""
    device = choose_device("auto")
    for start in range(0, len(names), BLOCK):
        some = names[start : start + BLOCK]
        key = hashlib.sha256(json.dumps([model, [(name, sums[name]) for name in some]]).encode()).hexdigest()
        path = state / f"{key[:32]}.npz"
        saved = _saved(path, len(some), bundle.model.bits)
        if saved is None:
            squares, reasons = [], {}
            for name in some:
                try:
                    squares.append(to_square(open_photograph(folder / name), bundle.encoder.side))
                except BitscapeError as error:
                    reasons[name] = str(error).removeprefix(f"{folder / name} is ").rstrip(".")
            outputs = np.empty((0, bundle.model.bits), np.float32)
            if squares:
                outputs = run(bundle.encoder.to(device), torch.stack(squares), device)
            with publish(path) as partial, partial.open("wb") as file:
                np.savez(file, outputs=outputs, refused=np.array(json.dumps(reasons)))
            saved = outputs, reasons
        yield some, *saved


def _saved(path: Path, count: int, bits: int) -> tuple[NDArray[np.float32], dict[str, str]] | None:
    """Read a block that an earlier run has encoded; None if it has not, or its file was cut off with the power."""
    try:
        with np.load(path, allow_pickle=False) as saved:
            outputs, reasons = saved["outputs"], json.loads(str(saved["refused"]))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
    return (outputs, reasons) if outputs.shape == (count - len(reasons), bits) else None


def forget(state: Path) -> None:
    """Remove what a finished run has left to resume from."""
    remove(state)
