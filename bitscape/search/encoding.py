"""Photographs of any kind through an encoder, batch by batch."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from os import PathLike, fspath
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from bitscape.core.errors import BitscapeError
from bitscape.core.photograph import DAMAGED, decode, open_photograph, reason
from bitscape.core.progress import progress
from bitscape.networks.features import to_square
from bitscape.search.encoder import PhotographEncoder

BATCH = 32
Photograph = str | PathLike[str] | NDArray[np.uint8] | Image.Image
"""A file, an (H, W, 3) array of RGB, or a Pillow image."""
KINDS = "A photograph must be a file, an (H, W, 3) uint8 RGB array or a Pillow image"


def pixels(photograph: Photograph) -> NDArray[np.uint8]:
    """Give a photograph as (H, W, 3) uint8 RGB.

    Raises:
        BitscapeError: if it is no photograph.
    """
    if isinstance(photograph, Image.Image):
        try:
            return decode(photograph)
        except DAMAGED as error:  # truncated, closed, or of a kind without black and white
            raise BitscapeError(
                f"A Pillow image of mode {photograph.mode} is not a photograph that can be read: {reason(error)}; "
                "open it anew, or mend it."
            ) from None
    if isinstance(photograph, np.ndarray):
        if photograph.dtype != np.uint8 or photograph.ndim != 3 or photograph.shape[2] != 3 or not photograph.size:
            raise BitscapeError(
                f"A photograph as an array must be (H, W, 3) uint8 RGB, not {photograph.dtype} {photograph.shape}."
            )
        return photograph
    if not isinstance(photograph, str | PathLike):
        raise BitscapeError(f"{KINDS}, not {type(photograph).__name__}.")
    return open_photograph(Path(fspath(photograph)))


def listed(photographs: Photograph | Sequence[Photograph]) -> list[Photograph]:
    """Give one photograph, or several, as a list.

    Raises:
        BitscapeError: if it is neither.
    """
    one = isinstance(photographs, str | bytes | PathLike | Image.Image)
    one = one or (isinstance(photographs, np.ndarray) and photographs.ndim in (2, 3))
    if not one and not isinstance(photographs, Iterable):
        raise BitscapeError(f"{KINDS}, not {type(photographs).__name__}.")
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
    blocks = []
    with progress("encode photographs", len(photographs)) as advance:
        for outputs, errors in blockwise(encoder, photographs, device, batch):
            for error in errors:
                if error:
                    raise error
            blocks.append(outputs)
            advance(len(errors))
    return np.concatenate(blocks) if blocks else np.empty((0, 0), np.float32)


def blockwise(
    encoder: PhotographEncoder, photographs: Sequence[Photograph], device: torch.device, batch: int
) -> Iterator[tuple[NDArray[np.float32], list[BitscapeError | None]]]:
    """Compute the outputs of photographs, block by block.

    Args:
        encoder: on `device`.
        photographs: n of them.
        device: where the encoder is.
        batch: photographs of one forward pass.

    Yields:
        (m, bits) float32 outputs of those that are photographs, and for each of the block why it is none, or None.
    """

    def square(photograph: Photograph) -> torch.Tensor | BitscapeError:
        try:
            return to_square(pixels(photograph), encoder.side)
        except BitscapeError as error:
            return error

    with ThreadPoolExecutor() as pool:
        for start in range(0, len(photographs), batch):
            read = list(pool.map(square, photographs[start : start + batch]))
            squares = [one for one in read if isinstance(one, torch.Tensor)]
            outputs = run(encoder, torch.stack(squares), device) if squares else np.empty((0, 0), np.float32)
            yield outputs, [None if isinstance(one, torch.Tensor) else one for one in read]


def run(encoder: PhotographEncoder, block: torch.Tensor, device: torch.device) -> NDArray[np.float32]:
    """Compute the (N, bits) outputs of (N, 3, side, side) uint8 RGB."""
    with torch.inference_mode():
        outputs: NDArray[np.float32] = encoder(block.to(device)).float().cpu().numpy()
    return outputs
