"""A method's network, apart from the loop: what only encodes need not load Lightning Fabric, which takes seconds."""

from collections.abc import Callable

from bitscape.methods.base.learned import Learned
from bitscape.networks.backbones import Backbone
from bitscape.networks.encoder import Encoder


def build(method: Learned, channels: int, classes: int, backbone: Callable[[], tuple[Backbone, int]] | None) -> Encoder:
    """Build a method's network, with the shared backbone attached where it is to be trained along.

    Args:
        method: the method.
        channels: of the shared feature maps.
        classes: columns of the labels.
        backbone: gives the backbone and the side of its photographs; None where it is frozen.
    """
    network: Encoder = method.network(channels, classes)
    if backbone is not None and not network.side:
        network.attach(*backbone())
    return network
