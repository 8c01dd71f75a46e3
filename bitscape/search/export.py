"""Backbone and head as one ONNX graph, from pixels to outputs, checked against torch on photographs."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bitscape.core.errors import BitscapeError
from bitscape.core.storage import publish

if TYPE_CHECKING:
    from bitscape.search.bundle import Bundle
    from bitscape.search.encoder import PhotographEncoder
    from bitscape.search.encoding import Photograph

OPSET = 18
NEAR_ZERO = 1e-4
"""Outputs below this may have another sign in another runtime, as sums are taken in another order."""


class Agreement(NamedTuple):
    """How ONNX Runtime's outputs compare with torch's.

    Attributes:
        photographs: how many were compared.
        largest: largest difference of an output.
        flipped: bits that differ; all of them have an output below `NEAR_ZERO`.
    """

    photographs: int
    largest: float
    flipped: int


def export(bundle: "Bundle", target: Path, photographs: "Sequence[Photograph]") -> Agreement:
    """Write the network of a bundle as ONNX; it appears only if its codes are torch's.

    The graph reads `photographs`, (n, 3, side, side) uint8 RGB, resized to the square by Pillow's bicubic filter, and
    gives `outputs`, (n, bits) float32; a bit is 1 where the output is >= 0. n is free.

    Args:
        bundle: with the model.
        target: the file.
        photographs: at least one, on which both are compared.

    Returns:
        How well they agree.

    Raises:
        BitscapeError: if the packages of the extra `onnx` are missing, nothing is there to compare on, or a bit differs
            whose output is not near zero.
    """
    if not photographs:
        raise BitscapeError("There is no photograph to check the ONNX graph on; name a bundle that has some.")
    _require()
    encoder = bundle.encoder.cpu()
    with publish(target) as partial:
        _write(encoder, partial)
        return _compare(encoder, partial, photographs)


def _require() -> None:
    """Name the packages that are missing, before seconds are spent."""
    from importlib.util import find_spec

    missing = [name for name in ("onnx", "onnxruntime", "onnxscript") if find_spec(name) is None]
    if missing:
        raise BitscapeError(f"ONNX export needs {' and '.join(missing)}; say `pip install 'bitscape[onnx]'`.")


def _write(encoder: "PhotographEncoder", path: Path) -> None:
    """Export, without the places in the source code that torch notes at each node: they name this machine's folders.

    The exporter's own optimisation takes every constant below 1e-8 that is added for 0 and drops it (onnxscript 0.7),
    so that the 1e-12 in the norms of VLAD's empty blocks was gone and these came out at full length. ONNX Runtime
    optimises the graph when it loads it, exactly.
    """
    import torch
    from onnx_ir.passes.common import NameFixPass

    example = torch.zeros((2, 3, encoder.side, encoder.side), dtype=torch.uint8)
    with warnings.catch_warnings():
        # torch copies specs of a class that it has itself deprecated; none of them is made here.
        warnings.filterwarnings("ignore", r".*treespec, LeafSpec.* is deprecated", FutureWarning)
        program: Any = torch.onnx.export(
            encoder,
            (example,),
            dynamo=True,
            opset_version=OPSET,
            input_names=["photographs"],
            output_names=["outputs"],
            dynamic_shapes=({0: torch.export.Dim("n")},),
            verbose=False,
            optimize=False,
        )
    NameFixPass()(program.model)  # else a buffer and a result may have one name
    graph = program.model.graph
    for holder in (program.model, graph, *graph.all_nodes(), *graph.initializers.values()):
        holder.metadata_props.clear()
    for node in graph.all_nodes():
        for value in node.outputs:
            value.metadata_props.clear()
    program.save(path)


def _compare(encoder: "PhotographEncoder", path: Path, photographs: "Sequence[Photograph]") -> Agreement:
    """Run both on the same pixels."""
    import onnxruntime
    import torch

    from bitscape.networks.features import to_square
    from bitscape.search.encoding import pixels, run

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    if not isinstance(session.get_inputs()[0].shape[0], str):  # len(tensor) is fixed by torch, tensor.shape[0] is not
        raise BitscapeError(
            f"{path.name}: torch fixed the number of photographs of the graph; please report this method and backbone."
        )
    block = torch.stack([to_square(pixels(one), encoder.side) for one in photographs])
    ours = run(encoder, block, torch.device("cpu"))
    theirs = session.run(["outputs"], {"photographs": block.numpy()})[0]
    flipped = (ours >= 0) != (theirs >= 0)
    if (np.abs(ours[flipped]) >= NEAR_ZERO).any():
        raise BitscapeError(
            f"{path.name}: {int(flipped.sum())} bits of {len(photographs)} photographs differ between torch and ONNX "
            "Runtime, not all of them near zero; the graph was not written. Please report this method and backbone."
        )
    return Agreement(len(photographs), float(np.abs(ours - theirs).max()), int(flipped.sum()))
