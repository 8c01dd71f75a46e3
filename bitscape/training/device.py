"""Devices and precision, by Lightning Fabric."""

from lightning_fabric import Fabric

from bitscape.core.params import Common
from bitscape.networks.backbones import choose_device


def start_fabric(common: Common) -> Fabric:
    """Start Fabric on the device and in the precision that the parameters name.

    Raises:
        BitscapeError: if `cuda` is asked for and not there.
    """
    device = choose_device(common.device)
    fabric = Fabric(accelerator=device.type, devices=1, precision=common.precision)
    fabric.launch()
    return fabric
