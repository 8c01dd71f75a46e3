"""Class anchors of local features, and exchanging features with them (ExchNet, eq. 8)."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

from bitscape.networks.chosen import Readable
from bitscape.networks.parts import PartsEncoder

BLOCK = 64


def class_anchors(
    network: PartsEncoder, features: Readable, rows: NDArray[np.int64], labels: sparse.csr_array
) -> NDArray[np.float32]:
    """Average the local features of each class, computed in evaluation mode, without gradients.

    Args:
        network: what computes them; it is left in the mode it was in.
        features: (n, ...) features or pixels of all training photographs.
        rows: (m,) those that count.
        labels: (n, K), above 0 where a photograph has a label; each counts 1 in each class it has. Never made dense.

    Returns:
        (K, M, C) float32, c_y^j; zeros for a class without photographs.
    """
    training, like = network.training, next(network.parameters())
    network.eval()
    members = sparse.csr_array(labels > 0, dtype=np.float64)
    sums: NDArray[np.float64] | float = 0.0
    with torch.inference_mode():
        for start in range(0, len(rows), BLOCK):
            block = rows[start : start + BLOCK]
            inputs = torch.from_numpy(np.ascontiguousarray(features[block])).to(like.device)
            if inputs.is_floating_point():
                inputs = inputs.to(like.dtype)
            local = network.represent(network.features(inputs)).local.double().cpu().numpy()
            sums = sums + np.einsum("ik,ijc->kjc", members[block].toarray(), local, optimize=True)
    network.train(training)
    counts = np.maximum(np.asarray(members[rows].sum(axis=0)), 1)
    return (sums / counts[:, None, None]).astype(np.float32)


def exchange(local: Tensor, anchors: Tensor, kept: Tensor) -> Tensor:
    """Put anchors in the place of the local features that are not kept; they carry no gradient.

    Args:
        local: (N, M, C) local features f_i^j.
        anchors: (N, M, C) those of each photograph's class.
        kept: (N, M) bool, xi of each photograph and part.

    Returns:
        (N, M, C).
    """
    return torch.where(kept[:, :, None], local, anchors.detach())
