"""One pass of the backbone over all photographs, so that every method shares it."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from bitscape.core.disk import reserve
from bitscape.core.errors import BitscapeError
from bitscape.core.photograph import open_photograph
from bitscape.core.progress import progress
from bitscape.networks.backbones import Backbone
from bitscape.networks.pooling import gem, unit_length

FLOAT16_MAX = float(np.finfo(np.float16).max)


class Photographs(Dataset[torch.Tensor]):
    """Photographs as (3, S, S) uint8 tensors: upright, RGB, resized to a square without cropping."""

    def __init__(self, paths: Sequence[Path], size: int) -> None:
        self.paths, self.size = paths, size

    def __len__(self) -> int:
        """Give the number of photographs."""
        return len(self.paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        """Give one photograph."""
        return to_square(open_photograph(self.paths[index]), self.size)


def to_square(photograph: NDArray[np.uint8], size: int) -> torch.Tensor:
    """Resize an (H, W, 3) photograph to a square without cropping: (3, size, size) uint8."""
    resized = Image.fromarray(photograph).resize((size, size), Image.Resampling.BICUBIC)
    return torch.from_numpy(np.array(resized)).permute(2, 0, 1)


def compute_features(
    paths: Sequence[Path],
    backbone: Backbone,
    maps_file: Path,
    *,
    size: int,
    batch_size: int,
    device: torch.device,
) -> NDArray[np.float32]:
    """Write the feature maps of all photographs and return their global descriptors.

    Args:
        paths: n photographs, in the order of the collection.
        backbone: the network.
        maps_file: `.npy` to write: (n, C, h, w) float16, filled batch by batch through a memory map.
        size: pixels of the square that photographs are resized to.
        batch_size: photographs of one forward pass.
        device: where the backbone runs.

    Returns:
        (n, D) float32 rows of unit length.
    """
    backbone = backbone.to(device)
    workers = min(4, os.cpu_count() or 1) if len(paths) > 4 * batch_size else 0
    loader = DataLoader(Photographs(paths, size), batch_size=batch_size, num_workers=workers)
    store: np.memmap | None = None
    descriptors: list[NDArray[np.float32]] = []
    done = 0
    with torch.inference_mode(), progress("describe photographs", len(paths)) as advance:
        for batch in _told(loader):
            maps = backbone(batch.to(device)).clamp(-FLOAT16_MAX, FLOAT16_MAX)
            descriptors.append(unit_length(gem(maps)).cpu().numpy())
            if store is None:
                shape = (len(paths), *maps.shape[1:])
                store = np.lib.format.open_memmap(maps_file, mode="w+", dtype=np.float16, shape=shape)
                with maps_file.open("r+b") as file:
                    reserve(file)
            store[done : done + len(batch)] = maps.half().cpu().numpy()
            done += len(batch)
            advance(len(batch))
    if store is not None:
        store.flush()
    return np.concatenate(descriptors)


def _told(loader: Iterable[torch.Tensor]) -> Iterator[torch.Tensor]:
    """Iterate; of a photograph that cannot be opened keep the sentence, to which torch adds its worker's traceback."""
    try:
        yield from loader
    except BitscapeError as error:
        raise BitscapeError(str(error).rpartition("BitscapeError: ")[2].strip()) from None
