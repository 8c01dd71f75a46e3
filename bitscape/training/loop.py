"""The one training loop: seeds, epochs, history and the choice of the best epoch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bitscape.core.errors import BitscapeError
from bitscape.core.progress import progress
from bitscape.methods.base.learned import Learned, Supervision
from bitscape.training.outputs import compute_outputs, fixed_features

Validate = Callable[[Callable[[NDArray[np.int64]], NDArray[np.float32]]], float]


@dataclass(frozen=True)
class Trained:
    """The weights of the chosen epoch, the history of all, and which was chosen."""

    weights: dict[str, Tensor]
    history: pd.DataFrame
    epoch: int


def train(
    method: Learned,
    maps: NDArray[np.float16],
    supervision: Supervision,
    validate: Validate,
    device: torch.device,
) -> Trained:
    """Train a method and keep the epoch of highest expected mAP on `query_val`.

    Epoch 0 is the initial network and may be chosen. Where nothing can be validated (NaN) the last epoch is kept.
    The same inputs, seed and number of threads give the same weights on a CPU.

    Args:
        method: what to train.
        maps: (N, C, h, w) float16 feature maps of the whole collection, usually a memory map.
        supervision: what it learns from.
        validate: is given a function from rows of the collection to outputs, and gives the metric, higher is better.
        device: where the network is.

    Returns:
        Weights on the CPU, the history (`epoch`, loss terms, `map_expected`), the chosen epoch.

    Raises:
        BitscapeError: if a term of the loss is not finite, naming the term and the epoch.
        CannotTrain: if the collection lacks what the method learns from.
    """
    torch.manual_seed(method.seed)
    torch.use_deterministic_algorithms(True, warn_only=True)
    rng = np.random.default_rng(method.seed)
    features = fixed_features(method, maps, device)
    network = method.network(features.shape[1]).to(device)
    method.start(network, supervision, features[supervision.rows])

    def outputs_of(rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return compute_outputs(network, features, rows, device)

    def outputs() -> NDArray[np.float32]:
        return outputs_of(supervision.rows)

    optimiser = method.optimiser(network)
    history: list[dict[str, Any]] = [{"epoch": 0, "map_expected": validate(outputs_of)}]
    best, weights = 0, _copy(network)
    with progress(f"train {type(method).__name__} at {method.bits} bits", method.epochs) as advance:
        for epoch in range(1, method.epochs + 1):
            records = []
            for batch in method.batches(epoch, outputs, rng):
                block = torch.from_numpy(features[supervision.rows[batch.images]]).to(device)
                records.append(_step(method, network, optimiser, block, batch, epoch))
            means = pd.DataFrame(records).mean().to_dict() | method.end_epoch(epoch, outputs)
            score = validate(outputs_of)
            history.append({"epoch": epoch, **means, "map_expected": score})
            if not score <= history[best]["map_expected"]:
                best, weights = epoch, _copy(network)
            advance(note=f"mAP {score:.3f} on query_val")
    return Trained(weights, pd.DataFrame(history), best)


def _step(
    method: Learned, network: nn.Module, optimiser: torch.optim.Optimizer, features: Tensor, batch: Any, epoch: int
) -> dict[str, float]:
    """Take one step and give the terms of the loss before it."""
    network.train()
    terms = method.loss(network, features, batch)
    values = {name: float(term.detach()) for name, term in terms.items()}
    for name, value in values.items():
        if not np.isfinite(value):
            raise BitscapeError(
                f"the {name} term of {type(method).__name__} became {value} in epoch {epoch}; "
                "lower its learning_rate in params.yaml."
            )
    optimiser.zero_grad()
    torch.stack(list(terms.values())).sum().backward()
    optimiser.step()
    return values


def _copy(network: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}
