"""What a network gives for many photographs, in evaluation mode and blocks of bounded memory."""

import numpy as np
import torch
from numpy.typing import NDArray

from bitscape.networks.encoder import Encoder


def compute_outputs(
    network: Encoder,
    inputs: NDArray[np.generic],
    rows: NDArray[np.int64],
    device: torch.device,
    batch_size: int = 256,
) -> NDArray[np.float32]:
    """Encode photographs.

    Args:
        network: an encoder.
        inputs: (n, ...) of all photographs: features or pixels, whatever the network reads.
        rows: which of them.
        device: where the network is.
        batch_size: photographs of one forward pass.

    Returns:
        (len(rows), bits) float32 outputs, whose signs are the codes; the network is left in the mode it was in.
    """
    training = network.training
    network.eval()
    blocks = [np.empty((0, 0), dtype=np.float32)]
    with torch.inference_mode():
        for start in range(0, len(rows), batch_size):
            block = torch.from_numpy(np.ascontiguousarray(inputs[rows[start : start + batch_size]])).to(device)
            blocks.append(network(network.features(block)).float().cpu().numpy())
    network.train(training)
    return np.concatenate(blocks[1:] or blocks)
