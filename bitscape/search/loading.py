"""A bundle read back, after its checksums and sizes are found right, and without any pickle."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from bitscape.core.errors import BitscapeError
from bitscape.hamming.codes import Codes, code_bytes
from bitscape.search.bundle import Bundle
from bitscape.search.index import STORED, IndexSettings, held_codes, prepare
from bitscape.search.manifest import Manifest, check_files, read_manifest
from bitscape.search.signs import same_signs
from bitscape.search.standing import while_it_stands

T = TypeVar("T")
ARRAYS = ("codes.npy", "outputs.npy", "probe.npy")
AGAIN = "make the bundle anew with `bitscape index`"


def load(folder: str | os.PathLike[str]) -> Bundle:
    """Load a bundle, after its checksums and sizes are found right. No pickle is loaded, whoever wrote the files.

    Args:
        folder: where `Bundle.save` or `bitscape index` wrote it.

    Raises:
        BitscapeError: if it is no bundle, or is not as it was saved.
    """
    path = Path(folder)
    return while_it_stands(path, lambda: _load(path))


def _load(path: Path) -> Bundle:
    import faiss
    import pandas as pd
    from safetensors.numpy import load_file

    manifest = read_manifest(path)
    check_files(path, manifest)
    names = _read(path / "images.parquet", lambda file: pd.read_parquet(file, columns=["image", "sha256"]))
    codes, outputs, probe = (_read(path / name, _array) for name in ARRAYS)
    weights = _read(path / "model.safetensors", load_file)
    extra = path / "backbone.safetensors"
    backbone_weights = _read(extra, load_file) if extra.name in manifest.files else {}
    images, sums = names["image"].tolist(), names["sha256"].tolist()
    stored = manifest.index.kind in STORED
    index = _read(path / "index.faiss", lambda file: faiss.read_index_binary(str(file))) if stored else None
    _check_names(path / "images.parquet", images, sums)
    _check_sizes(path, manifest, images, dict(zip(ARRAYS, (codes, outputs, probe), strict=True)))
    if not same_signs(codes, outputs):
        raise BitscapeError(f"{path}: codes.npy does not hold the signs of outputs.npy; {AGAIN}.")
    if index is not None:
        _check_index(path / "index.faiss", index, manifest.index, codes)
    return Bundle(
        model=manifest.model,
        transform=manifest.transform,
        weights=weights,
        backbone_weights=backbone_weights,
        photographs=Path(os.path.normpath(path.resolve() / manifest.photographs)),
        images=images,
        sums=sums,
        codes=codes,
        outputs=outputs,
        settings=manifest.index,
        probe=probe,
        _index=index,
    )


def _read(file: Path, how: Callable[[Path], T]) -> T:
    """Read a file, or tell that it cannot be read."""
    try:
        return how(file)
    except FileNotFoundError:  # replaced meanwhile
        raise
    except Exception as error:  # each format has its own kinds of error, and all mean the same to the user
        told = " ".join(str(error).split())[:160] or type(error).__name__
        raise BitscapeError(f"{file} cannot be read ({told}); {AGAIN}.") from None


def _array(file: Path) -> NDArray[Any]:
    """Read an array, and no archive of several, as `numpy.load` would."""
    with file.open("rb") as opened:
        array: NDArray[Any] = np.lib.format.read_array(opened, allow_pickle=False)
    if array.dtype == np.float32 and not np.isfinite(array).all():
        raise ValueError("it holds values that are no numbers")
    return array


def _check_names(file: Path, images: list[Any], sums: list[Any]) -> None:
    """Check that names and checksums are texts, and that no name comes twice."""
    for value in (*images, *sums):
        if not isinstance(value, str):
            raise BitscapeError(f"{file} holds {value!r} in the place of a name or a checksum; {AGAIN}.")
    twice = [image for image, times in Counter(images).items() if times > 1]
    if twice:
        raise BitscapeError(f"{file} names {twice[0]} twice; {AGAIN}.")


def _check_sizes(path: Path, manifest: Manifest, images: list[str], arrays: dict[str, Any]) -> None:
    """Compare the files of a bundle with what its manifest tells of them."""
    count, bits = manifest.count, manifest.model.bits
    told = f"the manifest tells of {count} photographs and {bits} bits; {AGAIN}."
    expected = {
        "codes.npy": (np.uint8, (count, code_bytes(bits))),
        "outputs.npy": (np.float32, (count, bits)),
        "probe.npy": (np.float32, (1, bits)),
    }
    for name, array in arrays.items():
        if (array.dtype, array.shape) != expected[name]:
            raise BitscapeError(f"{path / name} holds {array.dtype} {array.shape}, but {told}")
    if len(images) != count:
        raise BitscapeError(f"{path / 'images.parquet'} names {len(images)} photographs, but {told}")


def _check_index(path: Path, index: Any, settings: IndexSettings, codes: Codes) -> None:
    """Compare a stored index with the codes that it was built from, and set how far it looks."""
    count, bits = len(codes), codes.shape[1] * 8
    if (index.d, index.ntotal) != (bits, count):
        raise BitscapeError(f"{path} holds {index.ntotal} codes of {index.d} bits, not {count} of {bits}; {AGAIN}.")
    held = held_codes(index, settings.kind)
    if held is None or not np.array_equal(held, codes):
        raise BitscapeError(f"{path} is no {settings.kind} index of the codes in codes.npy; {AGAIN}.")
    prepare(index, settings)
