"""What a network gives for many photographs, in evaluation mode and blocks of bounded memory."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bitscape.methods.base.learned import Learned


def fixed_features(method: Learned, maps: NDArray[np.float16], device: torch.device) -> NDArray[Any]:
    """Compute the part of a method that training never changes, once for all photographs.

    Args:
        method: the method.
        maps: (n, C, h, w) float16 feature maps, usually a memory map.
        device: where to compute.

    Returns:
        (n, ...) float32 features.
    """
    return _in_blocks(method.fixed, maps, np.arange(len(maps)), device, batch_size=256)


def compute_outputs(
    network: nn.Module,
    features: NDArray[np.float32],
    rows: NDArray[np.int64],
    device: torch.device,
    batch_size: int = 256,
) -> NDArray[np.float32]:
    """Encode photographs.

    Args:
        network: (N, ...) float32 features to (N, bits).
        features: (n, ...) of all photographs.
        rows: which of them.
        device: where the network is.
        batch_size: photographs of one forward pass.

    Returns:
        (len(rows), bits) float32 outputs, whose signs are the codes; the network is left in the mode it was in.
    """
    training = network.training
    network.eval()
    outputs = _in_blocks(network, features, rows, device, batch_size)
    network.train(training)
    return outputs


def _in_blocks(
    function: Callable[[Tensor], Tensor],
    source: NDArray[Any],
    rows: NDArray[np.int64],
    device: torch.device,
    batch_size: int,
) -> NDArray[np.float32]:
    blocks = []
    with torch.inference_mode():
        for start in range(0, len(rows), batch_size):
            block = np.asarray(source[rows[start : start + batch_size]], dtype=np.float32)
            blocks.append(function(torch.from_numpy(block).to(device)).float().cpu().numpy())
    return np.concatenate(blocks)
