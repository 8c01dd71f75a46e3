"""What the stages `train` and `encode` have in common for methods that are trained by gradients."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bitscape.core.params import Params
from bitscape.core.storage import reading
from bitscape.networks.backbones import Backbone
from bitscape.training.checkpoint import Checkpoint

CODE = Path(__file__).parents[1]


def backbone_of(params: Params, weights: str | None = None) -> Callable[[], tuple[Backbone, int]] | None:
    """Give the maker of the backbone that is trained along, or None where it is frozen.

    Args:
        params: all parameters.
        weights: `random` where trained weights are loaded next; else those of the stage `describe`.
    """
    described = params.describe
    if params.train.common.frozen:
        return None
    return lambda: (Backbone(described.backbone, weights or described.weights), described.image_size)


def read_maps(root: Path) -> NDArray[np.float16]:
    """Map the (N, C, h, w) feature maps of the collection into memory.

    Raises:
        BitscapeError: if the stage `describe` has not written them, or they are damaged.
    """
    path = root / "artifacts/describe/feature_maps.npy"
    with reading(path, "describe"):
        maps: NDArray[np.float16] = np.load(path, mmap_mode="r")
        if maps.ndim != 4:
            raise ValueError(f"it holds an array of {maps.ndim} dimensions, not 4")
    return maps


def checkpoint_of(root: Path, params: Params, method: str, bits: int) -> Checkpoint:
    """Name the scratch file of a training by all that it depends on, so that no other training goes on from it."""
    settings = getattr(params.train.methods, method).model_dump_json()
    key = hashlib.sha256(f"{method} {bits} {params.seed} {settings}".encode())
    key.update(params.train.common.model_dump_json().encode() + params.describe.model_dump_json().encode())
    folders = [root / "artifacts" / folder for folder in ("prepare", f"supervise/{method}", "relevance")]
    read = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    named = (getattr(getattr(params.train.methods, method), "weights", ""), params.describe.weights)
    read += [Path(weights) for weights in named if Path(weights).is_file()]
    for path in sorted([*read, root / "artifacts/describe/descriptors.npy", *CODE.rglob("*.py")]):
        with path.open("rb") as file:
            key.update(hashlib.file_digest(file, "sha256").digest())
    return Checkpoint(root / ".scratch/train" / f"{method}-{bits}-{key.hexdigest()[:16]}.pt")
