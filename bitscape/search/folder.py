"""Any folder of photographs as a bundle: resumable, and only what is new is encoded."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bitscape.collection.listing import find
from bitscape.core.errors import BitscapeError
from bitscape.core.progress import follow, progress
from bitscape.core.storage import remove
from bitscape.hamming.codes import pack
from bitscape.networks.backbones import choose_device
from bitscape.search.bundle import Bundle
from bitscape.search.encoding import blockwise
from bitscape.search.kept import Kept
from bitscape.search.manifest import sha256
from bitscape.search.sizing import description

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
        BitscapeError: if no photograph is there, or the index asks for more lists than there are files.
    """
    if not folder.is_dir():
        raise BitscapeError(
            f"{folder} {'is not a folder' if folder.exists() else 'is missing'}; give one of photographs."
        )
    listing = find(folder, follow_links=True)
    sums, refused = _checksums(folder, listing.images)
    refused |= listing.refused
    description(len(sums), bundle.model.bits, bundle.settings)  # told before anything is encoded
    model = fingerprint(bundle)
    kept = Kept(state, model, bundle.model.bits)
    if known is not None and fingerprint(known) == model:
        kept.rows |= zip(zip(known.images, known.sums, strict=True), known.outputs, strict=True)
    _encode(bundle, folder, sums, kept)
    bundle.photographs = folder.resolve()
    refused |= {key[0]: kept.refused[key] for key in sums.items() if key in kept.refused}
    bundle.images = [name for name in sums if name not in refused]
    if not bundle.images:
        raise BitscapeError(f"{folder} holds no photographs; give a folder with JPEG, PNG, WebP or TIFF files.")
    bundle.sums = [sums[name] for name in bundle.images]
    bundle.outputs = np.stack([kept.rows[key] for key in zip(bundle.images, bundle.sums, strict=True)])
    bundle.codes, bundle._index = pack(bundle.outputs), None
    return refused


def fingerprint(bundle: Bundle) -> str:
    """Give a checksum of all that a photograph's outputs depend on beside the photograph."""
    total = hashlib.sha256(bundle.model.model_dump_json(exclude={"score"}).encode())
    total.update(b"" if bundle.transform is None else bundle.transform.model_dump_json().encode())
    for name, tensor in sorted(bundle.weights.items()):
        total.update(f"{name} {tensor.shape}".encode() + np.ascontiguousarray(tensor).tobytes())
    return total.hexdigest()


def _checksums(folder: Path, names: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Give the sha256 of each file, and why some cannot be read: closed to the user, or gone since they were listed."""
    sums, refused = {}, {}
    for name in follow(names, "read photographs", len(names)):
        try:
            sums[name] = sha256(folder / name)
        except OSError as error:
            refused[name] = f"cannot be read: {error.strerror or error}"
    return sums, refused


def _encode(bundle: Bundle, folder: Path, sums: dict[str, str], kept: Kept) -> None:
    """Encode what is not kept yet, block by block."""
    missing = [key for key in sums.items() if key not in kept]
    with progress("encode photographs", len(sums)) as advance:
        advance(len(sums) - len(missing))
        if not missing:
            return
        device = choose_device("auto")
        blocks = blockwise(bundle.encoder.to(device), [folder / name for name, _ in missing], device, BLOCK)
        for number, (outputs, errors) in enumerate(blocks):
            keys = missing[number * BLOCK : (number + 1) * BLOCK]
            kept.add(keys, outputs, [_reason(folder / key[0], error) for key, error in zip(keys, errors, strict=True)])
            advance(len(keys))


def _reason(path: Path, error: BitscapeError | None) -> str | None:
    return None if error is None else str(error).removeprefix(f"{path} is ").rstrip(".")


def forget(state: Path) -> None:
    """Remove what a finished run has left to resume from."""
    remove(state)
