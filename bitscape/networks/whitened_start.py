"""The start of a linear hash layer: learned whitening, turned towards codes."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from bitscape.networks.rotation import quantising_rotation
from bitscape.networks.whitening import learned_whitening


def start_whitened(
    layer: nn.Linear, features: NDArray[np.float32], queries: NDArray[np.int64], positives: NDArray[np.int64], seed: int
) -> None:
    """Let a layer start from the top rows of learned whitening; its outputs have unit deviation around 0 in all.

    The whitening is the specification's proposal for BCDH (1.3), after the FC layer of Radenovic et al.; that its rows
    are turned is this project's: else the first bits would carry nearly all of the variance and the last only noise.
    The rotation is that of ITQ.

    Args:
        layer: (D) to (B).
        features: (n, D) of the training photographs.
        queries: (p,) rows that are queries of a pair.
        positives: (p,) rows that are their positives.
        seed: of the rotation's start.
    """
    wide = features.astype(np.float64)
    mean, projection = learned_whitening(wide, queries, positives)
    kept = projection[: layer.out_features]
    rotation = quantising_rotation((wide - mean) @ kept.T, layer.out_features, np.random.default_rng(seed))
    weights = rotation @ kept
    weights /= max(((wide - mean) @ weights.T).std(), 1e-12)  # photographs that are all the same differ in nothing
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weights))
        if layer.bias is not None:
            layer.bias.copy_(torch.from_numpy(-weights @ mean))
