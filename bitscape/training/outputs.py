"""What a network gives for many photographs, in evaluation mode and blocks of bounded memory."""

import numpy as np
import torch
from numpy.typing import NDArray

from bitscape.core.errors import BitscapeError
from bitscape.networks.encoder import Encoder

PHOTOGRAPHS = 32  # VGG at 362 pixels holds 87 MB for each


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
        batch_size: photographs of one forward pass, at most; 32 at most where the network reads pixels.

    Returns:
        (len(rows), bits) float32 outputs, whose signs are the codes; the network is left in the mode it was in.
    """
    training, size = network.training, min(batch_size, PHOTOGRAPHS) if network.side else batch_size
    network.eval()
    blocks = [np.empty((0, 0), dtype=np.float32)]
    with torch.inference_mode():
        for start in range(0, len(rows), size):
            block = torch.from_numpy(np.ascontiguousarray(inputs[rows[start : start + size]])).to(device)
            blocks.append(network(network.features(block)).float().cpu().numpy())
    network.train(training)
    return np.concatenate(blocks[1:] or blocks)


class Outputs:
    """The outputs of a network that is being trained, each computed once until `forget`.

    What a method asks for at the end of an epoch and what the validation asks for are mostly the same photographs.

    Args:
        network: an encoder.
        inputs: (n, ...) of all photographs.
        device: where the network is.
        method: whose network it is, and `when`, are told where an output is not finite, with
        remedy: what mends it.
    """

    def __init__(
        self,
        network: Encoder,
        inputs: NDArray[np.generic],
        device: torch.device,
        method: str = "the network",
        remedy: str = "lower its learning_rate in params.yaml",
    ) -> None:
        self.network, self.inputs, self.device = network, inputs, device
        self.method, self.remedy, self.when = method, remedy, ""
        self.forget()

    def forget(self) -> None:
        """Drop all outputs: the network has changed."""
        self.known: NDArray[np.float32] | None = None
        self.missing = np.ones(len(self.inputs), dtype=bool)

    def __call__(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Give the (len(rows), bits) float32 outputs of some photographs.

        Raises:
            BitscapeError: if one is not finite.
        """
        wanted = np.unique(rows[self.missing[rows]])
        if self.known is None and not len(wanted):
            return np.empty((0, 0), dtype=np.float32)  # how many bits there are is known from the first photograph on
        found = compute_outputs(self.network, self.inputs, wanted, self.device)
        if not np.isfinite(found).all():  # a last step may ruin weights of which no term of the loss tells any more
            raise BitscapeError(f"the outputs of {self.method} became NaN or infinite{self.when}; {self.remedy}.")
        if self.known is None:
            self.known = np.zeros((len(self.inputs), found.shape[1]), dtype=np.float32)
        if len(wanted):
            self.known[wanted], self.missing[wanted] = found, False
        return self.known[rows]
