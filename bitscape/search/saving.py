"""A bundle written to its folder, whole or not at all."""

import os
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import numpy as np

from bitscape import __version__
from bitscape.core.errors import BitscapeError
from bitscape.core.place import check_writable
from bitscape.core.scratch import telling
from bitscape.core.storage import publish, write_json
from bitscape.search.index import STORED
from bitscape.search.manifest import NAME, NEEDED, Manifest, sha256
from bitscape.search.signs import same_signs

if TYPE_CHECKING:
    from bitscape.search.bundle import Bundle

PARTS = NEEDED | {NAME, "backbone.safetensors", "index.faiss"}
"""All that a bundle may consist of, so that a folder with anything else is never replaced."""
LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}
"""What file managers leave in any folder that is looked at."""
PACKAGES = ("numpy", "faiss-cpu", "torch", "timm", "safetensors")


def check_place(folder: Path) -> None:
    """Check that a bundle may be written there, before anything is encoded for it.

    Raises:
        BitscapeError: if it is a file, a folder that holds anything but a bundle, or cannot be written to.
    """
    held = _held(folder)
    foreign = sorted(held - PARTS)
    if foreign and {NAME, *NEEDED} <= held:
        raise BitscapeError(f"{folder} holds {foreign[0]} beside a bundle; move it away, or name another folder.")
    if folder.is_file() or foreign:
        other = f" (it holds {foreign[0]})" if foreign else ""
        raise BitscapeError(f"{folder} is in the way and no bundle{other}; name another folder.")
    check_writable(folder.resolve() if folder.is_symlink() else folder)


def _held(folder: Path) -> set[str]:
    """Name what a folder holds; nothing where there is none, or another process is about to replace it."""
    with telling(folder), suppress(FileNotFoundError, NotADirectoryError):
        return {path.name for path in folder.iterdir()} - LITTER
    return set()


def save(bundle: "Bundle", folder: Path) -> None:
    """Write a bundle, see `Bundle.save`."""
    import faiss
    import pandas as pd
    from safetensors.numpy import save as to_safetensors

    from bitscape.search.probe import probe

    check_place(folder)
    folder = folder.resolve()  # a link stays one, and the folder that it names is replaced
    index = bundle.index  # built now: settings that do not fit are told before anything is written
    if not same_signs(bundle.codes, bundle.outputs):
        raise BitscapeError(f"The codes are not the signs of the outputs; {folder} was not written.")
    if bundle.probe is None:
        bundle.probe = probe(bundle.encoder)
    with publish(folder) as partial:
        partial.mkdir()
        np.save(partial / "codes.npy", bundle.codes)
        np.save(partial / "outputs.npy", bundle.outputs)
        np.save(partial / "probe.npy", bundle.probe)
        names = pd.DataFrame({"image": bundle.images, "sha256": bundle.sums}, dtype="str")
        names.to_parquet(partial / "images.parquet", index=False)
        # As bytes, because safetensors' own files can be read by their owner alone.
        (partial / "model.safetensors").write_bytes(to_safetensors(bundle.weights))
        if bundle.backbone_weights:
            (partial / "backbone.safetensors").write_bytes(to_safetensors(bundle.backbone_weights))
        if bundle.settings.kind in STORED:
            faiss.write_index_binary(index, str(partial / "index.faiss"))
        manifest = Manifest(
            model=bundle.model,
            transform=bundle.transform,
            index=bundle.settings,
            photographs=PurePath(os.path.relpath(bundle.photographs.resolve(), folder)).as_posix(),
            count=len(bundle.images),
            files={path.name: sha256(path) for path in sorted(partial.iterdir())},
            versions={"bitscape": __version__} | {name: version(name) for name in PACKAGES},
        )
        write_json(partial / NAME, manifest.model_dump())
