"""What a bundle says of itself, and the check that its files are those it was saved with."""

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from bitscape.core.errors import BitscapeError
from bitscape.core.params import Bits
from bitscape.core.section import Count, Section
from bitscape.core.settings.methods import MethodName
from bitscape.search.index import STORED, IndexSettings

NAME = "manifest.json"
NEEDED = {"codes.npy", "outputs.npy", "probe.npy", "images.parquet", "model.safetensors"}
"""Files of every bundle."""
FileName = Literal[
    "codes.npy",
    "outputs.npy",
    "probe.npy",
    "images.parquet",
    "model.safetensors",
    "index.faiss",
    "backbone.safetensors",
]


class Model(Section):
    """How the network was built whose weights are in `model.safetensors`.

    Attributes:
        method: name of the method.
        bits: code length.
        seed: of its training.
        parameters: its section of `params.yaml` at the training.
        channels, classes: of a learned network, else None.
        score: `map_expected` on `query_val`, where it is known.
    """

    method: MethodName
    bits: Bits
    seed: int
    parameters: dict[str, Any]
    channels: int | None = None
    classes: int | None = None
    score: float | None = None


class Transform(Section):
    """The shared backbone and what it does to a photograph first.

    Attributes:
        backbone: timm's name.
        weights: `package` or `hub`; `bundle` where they are in `backbone.safetensors`.
        image_size: pixels of the square that photographs are resized to.
        mean, std: of the RGB transform, for values in [0, 1].
        sha256: of the backbone's tensors.
    """

    backbone: str
    weights: Literal["package", "hub", "bundle"]
    image_size: Count
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    sha256: str


class Manifest(Section):
    """The content of `manifest.json`.

    Attributes:
        format: of the bundle.
        model: the method.
        transform: None where the method's network reads pixels itself.
        index: its kind and settings.
        photographs: the folder of the photographs, from that of the bundle.
        count: how many photographs there are.
        files: sha256 of each file.
        versions: of the packages it was made with, for information.
    """

    format: Literal[2] = 2
    model: Model
    transform: Transform | None
    index: IndexSettings
    photographs: str
    count: int
    files: dict[FileName, str]
    versions: dict[str, str]


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a bundle, and none of its files.

    Args:
        folder: the bundle.

    Raises:
        BitscapeError: if it is no bundle, or of another format.
    """
    try:
        content = json.loads((folder / NAME).read_text(encoding="utf-8"))
        return Manifest.model_validate(content)
    except FileNotFoundError:
        raise BitscapeError(f"{folder} is no bundle (it has no {NAME}); `bitscape index` makes one.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "content"
        raise BitscapeError(
            f"{folder / NAME}: {where}: {first['msg']}; make the bundle anew with `bitscape index`."
        ) from None
    except (ValueError, OSError, RecursionError) as error:
        raise BitscapeError(
            f"{folder / NAME} cannot be read ({error}); make the bundle anew with `bitscape index`."
        ) from None


def check_files(folder: Path, manifest: Manifest) -> None:
    """Compare the files of a bundle with their checksums.

    Args:
        folder: the bundle.
        manifest: what is told of it.

    Raises:
        BitscapeError: if a file has no checksum, is missing, or is another than it was saved.
    """
    needed = NEEDED | ({"index.faiss"} if manifest.index.kind in STORED else set())
    if manifest.transform is not None and manifest.transform.weights == "bundle":
        needed |= {"backbone.safetensors"}
    for name in sorted(needed - set(manifest.files)):
        raise BitscapeError(f"{folder / NAME} has no checksum of {name}; make the bundle anew with `bitscape index`.")
    for name, saved in sorted(manifest.files.items()):
        path = folder / name
        if not path.is_file():
            raise BitscapeError(f"{path} is missing; make the bundle anew with `bitscape index`.")
        if sha256(path) != saved:
            raise BitscapeError(
                f"{path} is not the file that the bundle was saved with (its sha256 is another); "
                "make the bundle anew with `bitscape index`."
            )


def sha256(path: Path) -> str:
    """Give the checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
