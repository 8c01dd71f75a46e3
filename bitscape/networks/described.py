"""What parts of a network make of many photographs, before training starts."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bitscape.networks.chosen import Readable
from bitscape.networks.encoder import Encoder

PHOTOGRAPHS_PER_BLOCK = 32


def described(network: Encoder, inputs: Readable) -> NDArray[np.float32]:
    """Give what the layers behind `features` see of each photograph.

    Args:
        network: reads pixels, or features, which are handed back as they are, as an array.
        inputs: (n, ...) as training has them: features, or uint8 pixels.

    Returns:
        (n, ...) in evaluation mode.
    """
    return computed(network, network.features, inputs) if network.side else inputs[:]


def computed(network: Encoder, part: Callable[[Tensor], Tensor], inputs: Readable) -> NDArray[np.float32]:
    """Run a part of a network on many photographs.

    Args:
        network: put into evaluation mode, and left in the mode it was in.
        part: of it, from a block of inputs to (b, ...).
        inputs: (n, ...) as training has them.

    Returns:
        (n, ...), without gradients.
    """
    device, training = next(network.parameters()).device, network.training
    network.eval()
    blocks = []
    with torch.inference_mode():
        for start in range(0, len(inputs), PHOTOGRAPHS_PER_BLOCK):
            block = torch.from_numpy(np.ascontiguousarray(inputs[start : start + PHOTOGRAPHS_PER_BLOCK]))
            blocks.append(part(block.to(device)).float().cpu().numpy())
    network.train(training)
    return np.concatenate(blocks)
