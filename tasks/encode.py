"""Stage `encode`: packed codes of the database and of the queries."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bitscape.core.errors import BitscapeError
from bitscape.core.params import Params
from bitscape.core.stage import stage
from bitscape.core.storage import publish, read_json, reading
from bitscape.core.table import IMAGES, database, members, read_collection
from bitscape.core.untrained import pass_on
from bitscape.hamming.codes import Codes, pack
from bitscape.methods.base.closed_form import ClosedForm
from bitscape.methods.base.registry import create

if TYPE_CHECKING:
    import pandas as pd

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
    codes = {name: pack(values) for name, values in outputs.items()}
    if (trained / "codes.npy").is_file():
        codes["database_learned"] = _with_learned(codes["database"], trained / "codes.npy", collection)
    with publish(target) as folder:
        folder.mkdir()
        for name, values in codes.items():
            np.save(folder / f"{name}.npy", values)


def _with_learned(database_codes: Codes, learned: Path, collection: "pd.DataFrame") -> Codes:
    """Put the codes that the method has learned of the training photographs in the place of the network's."""
    codes = database_codes.copy()
    with reading(learned, f"train@{learned.parent.name}"):
        codes[np.isin(database(collection), members(collection, "train"))] = pack(np.load(learned))
    return codes


def _closed_form(method: ClosedForm, weights: Path, root: Path, rows: Rows, params: Params) -> Outputs:
    from safetensors.numpy import load_file

    path = root / "artifacts/describe/descriptors.npy"
    with reading(path, "describe"):
        descriptors = np.load(path, mmap_mode="r")
    with reading(weights, f"train@{weights.parent.name}"):
        state = load_file(weights)
    return {name: method.outputs(state, descriptors[chosen]) for name, chosen in rows.items()}


def _learned(method: "Learned", weights: Path, root: Path, rows: Rows, params: Params) -> Outputs:
    from safetensors.torch import load_file

    from bitscape.networks.backbones import choose_device
    from bitscape.training.build import build
    from bitscape.training.inputs import Inputs
    from bitscape.training.outputs import compute_outputs
    from bitscape.training.stages import backbone_of, read_maps

    collection = read_collection(root)
    maps, stage = read_maps(root), f"train@{weights.parent.name}"
    device = choose_device(params.train.common.device)
    built = read_json(weights.with_name("selection.json"), stage)
    if hasattr(method.settings, "weights"):  # the trained ones are loaded next, none need be fetched
        method.settings = method.settings.model_copy(update={"weights": "random"})
    network = build(method, built["channels"], built["classes"], backbone_of(params, "random")).to(device)
    with reading(weights, stage):
        state = load_file(weights)
    try:
        network.load_state_dict(state)
    except RuntimeError:
        raise BitscapeError(
            f"{weights} was trained with other settings than params.yaml has now; run `dvc repro {stage}`."
        ) from None
    paths = [root / IMAGES / image for image in collection["image"]]
    features = Inputs(maps, paths, root / ".scratch").features(network, device)
    size = params.encode.batch_size
    return {name: compute_outputs(network, features, chosen, device, size) for name, chosen in rows.items()}


if __name__ == "__main__":
    stage(run, matrix=True)
