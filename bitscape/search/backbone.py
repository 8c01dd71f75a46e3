"""The shared backbone of a bundle: by name, or with its weights, and always the one that its codes come from."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bitscape.core.errors import BitscapeError
from bitscape.networks.backbones import Backbone
from bitscape.search.encoder import digest
from bitscape.search.manifest import Transform


def describe_backbone(described: dict[str, Any]) -> tuple[Transform, Backbone, dict[str, NDArray[Any]]]:
    """Build the backbone of `artifacts/describe/backbone.json`.

    Args:
        described: its content.

    Returns:
        What a bundle says of it, the backbone, and the weights that a bundle must hold: those of a local file.

    Raises:
        BitscapeError: if its weights are random, and so cannot be had again, or are not to be had.
    """
    weights = described["weights"]
    if weights == "random":
        raise BitscapeError(
            "describe.weights is `random`: such a backbone cannot be built again for queries; "
            "say `package`, `hub` or a file in params.yaml, then `dvc repro`."
        )
    backbone = Backbone(described["backbone"], weights)
    local = weights not in ("package", "hub")
    transform = Transform(
        backbone=described["backbone"],
        weights="bundle" if local else weights,
        image_size=described["image_size"],
        mean=backbone.mean,
        std=backbone.std,
        sha256=digest(backbone),
    )
    state = backbone.state_dict() if local else {}
    return transform, backbone, {name: tensor.numpy().copy() for name, tensor in state.items()}


def backbone_of(transform: Transform | None, weights: dict[str, NDArray[Any]]) -> Backbone:
    """Build the backbone of a bundle.

    Args:
        transform: what the bundle says of it.
        weights: those in the bundle; empty where they come from a package or the hub.

    Raises:
        BitscapeError: if its weights are not to be had, or are others than the codes were made with.
    """
    if transform is None:
        raise BitscapeError(
            "The bundle names no backbone, but its network needs one; make it anew with `bitscape index`."
        )
    backbone = Backbone(transform.backbone, "random" if transform.weights == "bundle" else transform.weights)
    if transform.weights == "bundle":
        try:
            backbone.load_state_dict({name: torch.from_numpy(np.array(one)) for name, one in weights.items()})
        except RuntimeError as error:
            raise BitscapeError(
                f"backbone.safetensors does not fit {transform.backbone} ({str(error)[:120]})."
            ) from None
    same = (tuple(backbone.mean), tuple(backbone.std)) == (transform.mean, transform.std)
    if digest(backbone) != transform.sha256 or not same:
        raise BitscapeError(
            f"The weights of {transform.backbone} are others than those the codes were made with; "
            "install the versions in the bundle's manifest, or make it anew with `bitscape index`."
        )
    return backbone
