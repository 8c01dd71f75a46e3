"""The one training loop: seeds, epochs, checkpoints, history and the choice of the best epoch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor

from bitscape.core.errors import BitscapeError, CannotTrain
from bitscape.core.progress import progress
from bitscape.core.settings.networks import Common
from bitscape.methods.base.learned import Learned
from bitscape.networks.backbones import Backbone
from bitscape.networks.chosen import Chosen
from bitscape.supervision.supervision import Supervision
from bitscape.training.build import build
from bitscape.training.checkpoint import Checkpoint
from bitscape.training.device import deal, start_fabric
from bitscape.training.inputs import Inputs
from bitscape.training.outputs import Outputs
from bitscape.training.run import SCORE, Run

OutputsOf = Callable[[NDArray[np.int64]], NDArray[np.float32]]
Validate = Callable[[OutputsOf], Mapping[str, float]]


@dataclass(frozen=True)
class Trained:
    """The weights of the chosen epoch, the history of all, and which was chosen.

    Attributes:
        weights: on the CPU.
        history: `epoch`, terms of the loss, what the method and the validation tell of the epoch.
        epoch: the chosen one.
        codes: (n, bits) int8 codes of the training photographs that the method has learned itself, or None.
    """

    weights: dict[str, Tensor]
    history: pd.DataFrame
    epoch: int
    codes: NDArray[np.int8] | None


def train(
    method: Learned,
    inputs: Inputs,
    supervision: Supervision,
    validate: Validate,
    common: Common | None = None,
    backbone: Callable[[], tuple[Backbone, int]] | None = None,
    checkpoint: Checkpoint = Checkpoint(None),  # noqa: B008 (it is frozen)
) -> Trained:
    """Train a method and keep the epoch of highest expected mAP on `query_val`.

    Epoch 0 is the initial network and may be chosen; of epochs that are equally good the last is. Where nothing can be
    validated (NaN) the last epoch is kept.
    The same inputs, seed and number of threads give the same weights on a CPU, also where the run was stopped between
    and went on from its checkpoint.

    Args:
        method: what to train.
        inputs: the photographs of the whole collection.
        supervision: what it learns from.
        validate: is given a function from rows of the collection to outputs, and gives columns of the history, among
            them `map_expected`, higher is better.
        common: device, precision, patience.
        backbone: gives the backbone to train along; None where it is frozen.
        checkpoint: where to keep the state of the training.

    Returns:
        Weights, history, the chosen epoch and learned codes.

    Raises:
        BitscapeError: if a term of the loss or an output is not finite, naming the term and the epoch; if the method
            cannot be trained on several devices.
        CannotTrain: if the collection lacks what the method learns from, or nothing was drawn of it in an epoch.
    """
    common = common or Common()
    if common.devices > 1 and method.one_device:
        raise BitscapeError(
            f"{type(method).__name__} learns codes of its own on one device; set train.common.devices to 1."
        )
    torch.manual_seed(method.seed)
    torch.use_deterministic_algorithms(True, warn_only=True)
    rng = np.random.default_rng(method.seed)
    fabric = start_fabric(common)
    network = build(method, inputs.maps.shape[1], supervision.labels.shape[1], backbone)
    inputs.fit(network, supervision.rows, rng)
    features = inputs.features(network.to(fabric.device), fabric.device)
    method.start(network, supervision, Chosen(features, supervision.rows))
    optimiser = method.optimiser(network.parameter_groups(method.settings.learning_rate, common.backbone_rate))
    for group in optimiser.param_groups:
        group.setdefault("initial_lr", group["lr"])
    wrapped, optimiser = fabric.setup(network, optimiser)
    for name in ("features", *network.trained):
        wrapped.mark_forward_method(name)

    outputs_of = Outputs(wrapped, features, fabric.device, type(method).__name__, method.remedy)

    def outputs(rows: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        return outputs_of(supervision.rows if rows is None else supervision.rows[rows])

    run = Run(method, network, optimiser, [], 0, {}, None)
    if not run.restore(checkpoint, rng):
        run.note({"epoch": 0, **validate(outputs_of)})
    with progress(f"train {type(method).__name__} at {method.bits} bits", method.epochs) as advance:
        advance(len(run.history) - 1)
        for epoch in range(len(run.history), method.epochs + 1):
            if common.patience and run.stalled >= common.patience:
                break
            for group in optimiser.param_groups:
                group["lr"] = group["initial_lr"] * method.rate(epoch)
            records = []
            outputs_of.when = f" in epoch {epoch}"
            outputs_of.forget()  # a training that goes on from its checkpoint has no earlier ones either
            for batch in deal(method.batches(epoch, outputs, rng), fabric):
                chosen = np.ascontiguousarray(features[supervision.rows[batch.images]])
                block = wrapped.features(network.augment(torch.from_numpy(chosen).to(fabric.device)))
                records.append(_step(fabric, method, wrapped, optimiser, block, batch, epoch))
                outputs_of.forget()
            if not records:
                raise _no_step(type(method).__name__, epoch, common.devices)
            means = pd.DataFrame(records).mean().to_dict() | method.end_epoch(epoch, outputs)
            run.note({"epoch": epoch, **means, **validate(outputs_of)})
            if fabric.is_global_zero:
                run.save(checkpoint, rng)
            terms = "".join(f"{name} {means[name]:.3g}, " for name in records[0])
            advance(note=f"{terms}mAP {run.history[-1][SCORE]:.3f} on query_val")
    fabric.barrier()
    if fabric.is_global_zero:
        checkpoint.remove()
    return Trained(run.weights, pd.DataFrame(run.history), run.best, run.codes)


def _no_step(name: str, epoch: int, devices: int) -> BitscapeError:
    """Tell of an epoch without a batch: the network would stay as it was, and pass for a trained one."""
    if devices > 1:
        return BitscapeError(
            f"{name} has fewer batches in epoch {epoch} than train.common.devices, {devices}; set it to 1."
        )
    return CannotTrain(f"{name} drew nothing to learn from in epoch {epoch}; add photographs.")


def _step(
    fabric: Fabric, method: Learned, network: Any, optimiser: Any, features: Tensor, batch: Any, epoch: int
) -> dict[str, float]:
    """Take one step and give the terms of the loss before it."""
    network.train()
    with fabric.autocast():
        terms = method.loss(network, features, batch)
    values = {name: float(term.detach()) for name, term in terms.items()}
    for name, value in values.items():
        if not np.isfinite(value):
            raise BitscapeError(
                f"the {name} term of {type(method).__name__} became {value} in epoch {epoch}; {method.remedy}."
            )
    optimiser.zero_grad()
    fabric.backward(torch.stack(list(terms.values())).sum())
    optimiser.step()
    return values
