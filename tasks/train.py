"""Stage `train`: learn one method at one code length, choosing the epoch on query_val."""

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from bitscape.core.errors import CannotTrain
from bitscape.core.params import Params
from bitscape.core.stage import stage
from bitscape.core.storage import publish, reading, write_json
from bitscape.core.table import IMAGES, database, members, read_collection
from bitscape.core.untrained import pass_on, write_reason
from bitscape.hamming.codes import pack
from bitscape.hamming.health import COLLAPSED, health
from bitscape.hamming.mean import mean_average_precision
from bitscape.methods.base.closed_form import ClosedForm
from bitscape.methods.base.registry import create
from bitscape.supervision.files import read_supervision

Floats = NDArray[np.float32]


def run(params: Params, root: Path, method: str, bits: int) -> None:
    """Write weights, history and selection, or the reason why the collection cannot train the method."""
    target = root / f"artifacts/train/{method}-{bits}"
    if pass_on(root / "artifacts/supervise" / method, target):
        return
    try:
        trained = _train(params, root, method, bits)
    except CannotTrain as reason:
        print(f"train: {reason}", file=sys.stderr)
        write_reason(target, str(reason))
        return
    if int(os.environ.get("LOCAL_RANK", 0)):
        return  # of several devices one writes
    history, epoch = trained["history"], trained["epoch"]
    if history["largest_identical_share"][epoch] > COLLAPSED:
        print(f"train: warning: the codes of epoch {epoch}, the best, have collapsed into one.", file=sys.stderr)
    with publish(target) as folder:
        folder.mkdir()
        _save(trained["weights"], folder / "weights.safetensors")
        if trained.get("codes") is not None:
            np.save(folder / "codes.npy", trained["codes"])
        history.to_csv(folder / "history.csv", index=False, float_format="%.8g")
        score = history["map_expected"][epoch]
        chosen = {"epoch": epoch, "map_expected": None if np.isnan(score) else score, **trained["shape"]}
        used = create(method, bits, params).settings.model_dump()  # a variant decides some of them itself
        write_json(folder / "selection.json", {**chosen, "parameters": used, "seed": params.seed})


def _train(params: Params, root: Path, name: str, bits: int) -> dict[str, Any]:
    """Train by formula or by gradients; give weights, history, the chosen epoch and what the network was built with."""
    collection = read_collection(root)
    train, val, base = members(collection, "train"), members(collection, "query_val"), database(collection)
    found = root / "artifacts/relevance/query_val.npz"
    with reading(found, "relevance"):
        relevance = sparse.csr_array(sparse.load_npz(found))
    method = create(name, bits, params)

    def score(queries: Floats, items: Floats) -> dict[str, float]:
        codes = pack(items)
        precision = mean_average_precision(pack(queries), codes, relevance)
        return {"map_expected": precision, "largest_identical_share": health(codes).largest_share}

    if isinstance(method, ClosedForm):
        described = root / "artifacts/describe/descriptors.npy"
        with reading(described, "describe"):
            descriptors = np.load(described)
        weights = method.fit(descriptors[train])
        first = score(method.outputs(weights, descriptors[val]), method.outputs(weights, descriptors[base]))
        return {"weights": weights, "history": pd.DataFrame([{"epoch": 0, **first}]), "epoch": 0, "shape": {}}

    from bitscape.training.inputs import Inputs
    from bitscape.training.loop import train as train_by_gradients
    from bitscape.training.stages import backbone_of, checkpoint_of, read_maps

    maps = read_maps(root)
    supervision = read_supervision(root / "artifacts/supervise" / name, train)
    trained = train_by_gradients(
        method,
        Inputs(maps, [root / IMAGES / image for image in collection["image"]], root / ".scratch"),
        supervision,
        lambda outputs_of: score(outputs_of(val), outputs_of(base)),
        params.train.common,
        backbone_of(params),
        checkpoint_of(root, params, name, bits),
    )
    shape = {"channels": maps.shape[1], "classes": supervision.labels.shape[1]}
    return {**vars(trained), "shape": shape}


def _save(weights: dict[str, Any], path: Path) -> None:
    """Save numpy arrays or torch tensors as safetensors."""
    by_formula = all(isinstance(array, np.ndarray) for array in weights.values())
    import_module("safetensors.numpy" if by_formula else "safetensors.torch").save_file(weights, path)


if __name__ == "__main__":
    stage(run, matrix=True)
