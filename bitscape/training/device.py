"""Devices and precision, by Lightning Fabric."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies import DDPStrategy

from bitscape.core.errors import BitscapeError
from bitscape.core.settings.networks import Common
from bitscape.networks.backbones import choose_device

T = TypeVar("T")


def start_fabric(common: Common) -> Fabric:
    """Start Fabric on the devices and in the precision that the parameters name.

    For several devices it starts the program anew for each of the others, with the same arguments; what is written must
    be written by `global_rank` 0 alone.

    Raises:
        BitscapeError: if `cuda` is asked for and not there, or fewer GPUs than asked for.
    """
    device = choose_device(common.device)
    if device.type == "cuda" and torch.cuda.device_count() < common.devices:
        raise BitscapeError(
            f"train.common.devices is {common.devices}, but this machine has {torch.cuda.device_count()} GPU(s)."
        )
    strategy = DDPStrategy(find_unused_parameters=True) if common.devices > 1 else "auto"
    fabric = Fabric(accelerator=device.type, devices=common.devices, strategy=strategy, precision=common.precision)
    fabric.launch()
    return fabric


def deal(batches: Iterable[T], fabric: Fabric) -> Iterator[T]:
    """Deal the batches out among the devices, one to each in turn, so that a step averages the gradients of several.

    Batches of an incomplete last round are left out: all devices step together.
    """
    rounds = zip(*[iter(batches)] * fabric.world_size, strict=False)
    return (batches_of_round[fabric.global_rank] for batches_of_round in rounds)
