"""A drawn picture whose outputs, kept in a bundle, tell whether its network still gives what it gave.

Sizes and checksums cannot see a wrong transform, nor a parameter that changes what a network does and not its shape.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from bitscape.core.errors import BitscapeError
from bitscape.networks.features import to_square
from bitscape.search.encoder import PhotographEncoder
from bitscape.search.encoding import run
from bitscape.search.manifest import Model

TOLERANCE = 0.05
"""Of the root mean square of the outputs: well above what another processor or TF32 changes, and half of what Lanczos'
filter in the place of the bicubic one changes in LSH's."""
Outputs = NDArray[np.float32]


def picture() -> NDArray[np.uint8]:
    """Draw (240, 320, 3) uint8 RGB: rings of all frequencies, another set in each channel, the same everywhere.

    It is wider than high and has no symmetry, so that size, filter, cropping and the order of channels all tell.
    """
    y, x = np.mgrid[:240, :320].astype(np.int64)
    planes = [3 * x * x + 5 * y * y, 3 * x * x + 2 * y * y + 4 * x * y, x * x + 6 * y * y - 2 * x * y]
    return (np.stack(planes, axis=2) // 96 % 256).astype(np.uint8)


def probe(encoder: PhotographEncoder) -> Outputs:
    """Compute the (1, bits) float32 outputs of the picture, on the CPU, where they are the same for everyone.

    Raises:
        BitscapeError: if the backbone's maps have another shape than the network reads.
    """
    try:
        return run(encoder.cpu(), to_square(picture(), encoder.side)[None], torch.device("cpu"))
    except RuntimeError as error:
        told = " ".join(str(error).split())[:160]
        raise BitscapeError(
            f"The backbone and the network do not fit each other ({told}); make the bundle anew with `bitscape index`."
        ) from None


def check(encoder: PhotographEncoder, before: Outputs, model: Model) -> None:
    """Check that a network gives the (1, bits) outputs of the picture that it gave.

    Raises:
        BitscapeError: if it does not.
    """
    if not agree(before, probe(encoder)):
        raise BitscapeError(
            f"The network of {model.method} at {model.bits} bits does not give the outputs it gave "
            "when the bundle was made: its parameters, transform or packages are others; "
            "make it anew with `bitscape index`."
        )


def agree(before: Outputs, now: Outputs) -> bool:
    """Tell whether two arrays of outputs, (n, bits) each, are the same but for rounding."""
    if before.shape != now.shape:
        return False
    scale = float(np.sqrt(np.mean(np.square(before, dtype=np.float64)))) if before.size else 0.0
    return bool((np.abs(now - before) <= TOLERANCE * scale).all())
