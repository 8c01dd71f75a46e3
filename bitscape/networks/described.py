"""The features of many photographs before training starts."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bitscape.networks.encoder import Encoder

PHOTOGRAPHS_PER_BLOCK = 32


def described(network: Encoder, inputs: NDArray[Any]) -> NDArray[np.float32]:
    """Give what the layers behind `features` see of each photograph.

    Args:
        network: reads pixels, or features, which are handed back as they are.
        inputs: (n, ...) as training has them: features, or uint8 pixels.

    Returns:
        (n, ...) in evaluation mode; the network is left in the mode it was in.
    """
    if not network.side:
        return inputs
    device, training = next(network.parameters()).device, network.training
    network.eval()
    blocks = []
    with torch.inference_mode():
        for start in range(0, len(inputs), PHOTOGRAPHS_PER_BLOCK):
            block = torch.from_numpy(np.ascontiguousarray(inputs[start : start + PHOTOGRAPHS_PER_BLOCK]))
            blocks.append(network.features(block.to(device)).float().cpu().numpy())
    network.train(training)
    return np.concatenate(blocks)
