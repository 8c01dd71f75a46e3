"""Photographs of any kind through an encoder, batch by batch."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from bitscape.core.errors import BitscapeError
from bitscape.core.photograph import decode, open_photograph
from bitscape.core.progress import progress
from bitscape.networks.features import to_square
from bitscape.search.encoder import PhotographEncoder

BATCH = 32
Photograph = str | PathLike[str] | NDArray[np.uint8] | Image.Image
"""A file, an (H, W, 3) array of RGB, or a Pillow image."""


def pixels(photograph: Photograph) -> NDArray[np.uint8]:
    """Give a photograph as (H, W, 3) uint8 RGB.

    Raises:
        BitscapeError: if it is no photograph.
    """
    if isinstance(photograph, Image.Image):
        return decode(photograph)
    if isinstance(photograph, np.ndarray):
        if photograph.dtype != np.uint8 or photograph.ndim != 3 or photograph.shape[2] != 3 or not photograph.size:
            raise BitscapeError(
                f"A photograph as an array must be (H, W, 3) uint8 RGB, not {photograph.dtype} {photograph.shape}."
            )
        return photograph
    return open_photograph(Path(fspath(photograph)))


def listed(photographs: Photograph | Sequence[Photograph]) -> list[Photograph]:
    """Give one photograph, or several, as a list."""
    one = isinstance(photographs, str | PathLike | Image.Image)
    one = one or (isinstance(photographs, np.ndarray) and photographs.ndim == 3)
    return [photographs] if one else list(photographs)  # type: ignore[list-item, arg-type]


def encode(
    encoder: PhotographEncoder, photographs: Sequence[Photograph], device: torch.device, batch: int = BATCH
) -> NDArray[np.float32]:
    """Compute the outputs of photographs.

    Args:
        encoder: on `device`.
        photographs: n of them.
        device: where the encoder is.
        batch: photographs of one forward pass.

    Returns:
        (n, bits) float32, whose signs are the codes.

    Raises:
        BitscapeError: naming the first that is no photograph.
    """

    def square(photograph: Photograph) -> torch.Tensor:
        return to_square(pixels(photograph), encoder.side)

    with ThreadPoolExecutor() as pool, progress("encode photographs", len(photographs)) as advance:
        blocks: list[Any] = []
        for start in range(0, len(photographs), batch):
            some = photographs[start : start + batch]
            blocks.append(run(encoder, torch.stack(list(pool.map(square, some))), device))
            advance(len(some))
    return np.concatenate(blocks) if blocks else np.empty((0, 0), np.float32)


def run(encoder: PhotographEncoder, block: torch.Tensor, device: torch.device) -> NDArray[np.float32]:
    """Compute the (N, bits) outputs of (N, 3, side, side) uint8 RGB."""
    with torch.inference_mode():
        outputs: NDArray[np.float32] = encoder(block.to(device)).float().cpu().numpy()
    return outputs
