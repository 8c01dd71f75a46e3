"""Stage `encode`: packed codes of the database and of the queries."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bitscape.collection.table import database, members, read_collection
from bitscape.core.params import Params
from bitscape.core.storage import publish
from bitscape.methods.base.closed_form import ClosedForm
from bitscape.methods.base.registry import create
from bitscape.retrieval.codes import pack
from tasks.entry import stage
from tasks.untrained import pass_on

if TYPE_CHECKING:
    from bitscape.methods.base.learned import Learned

Rows = dict[str, NDArray[np.int64]]
Outputs = dict[str, NDArray[np.float32]]


def run(params: Params, root: Path, method: str, bits: int) -> None:
    """Write one array of codes for the database and for each query split."""
    trained, target = root / f"artifacts/train/{method}-{bits}", root / f"artifacts/encode/{method}-{bits}"
    if pass_on(trained, target):
        return
    collection = read_collection(root)
    rows = {"database": database(collection)}
    rows |= {split: members(collection, split) for split in ("query_val", "query_test")}
    encoder = create(method, bits, params)
    compute = _closed_form if isinstance(encoder, ClosedForm) else _learned
    outputs = compute(encoder, trained / "weights.safetensors", root, rows, params)
    with publish(target) as folder:
        folder.mkdir()
        for name, values in outputs.items():
            np.save(folder / f"{name}.npy", pack(values))


def _closed_form(method: ClosedForm, weights: Path, root: Path, rows: Rows, params: Params) -> Outputs:
    from safetensors.numpy import load_file

    descriptors = np.load(root / "artifacts/describe/descriptors.npy", mmap_mode="r")
    return {name: method.outputs(load_file(weights), descriptors[chosen]) for name, chosen in rows.items()}


def _learned(method: "Learned", weights: Path, root: Path, rows: Rows, params: Params) -> Outputs:
    from safetensors.torch import load_file

    from bitscape.networks.backbones import choose_device
    from bitscape.training.outputs import compute_outputs, fixed_features

    maps = np.load(root / "artifacts/describe/feature_maps.npy", mmap_mode="r")
    device = choose_device(params.train.common.device)
    features = fixed_features(method, maps, device)
    network = method.network(features.shape[1]).to(device)
    network.load_state_dict(load_file(weights))
    size = params.encode.batch_size
    return {name: compute_outputs(network, features, chosen, device, size) for name, chosen in rows.items()}


if __name__ == "__main__":
    stage(run, matrix=True)
