"""Stage `train`: learn one method at one code length, choosing the epoch on query_val."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from bitscape.collection.table import database, members, read_collection
from bitscape.core.errors import CannotTrain
from bitscape.core.params import Params
from bitscape.core.storage import publish, write_json
from bitscape.methods.base.closed_form import ClosedForm
from bitscape.methods.base.registry import create
from bitscape.retrieval.codes import pack
from bitscape.retrieval.evaluation import mean_average_precision
from tasks.entry import stage
from tasks.untrained import write_reason

Rows = NDArray[np.int64]


def run(params: Params, root: Path, method: str, bits: int) -> None:
    """Write weights, history and selection, or the reason why the collection cannot train the method."""
    target = root / f"artifacts/train/{method}-{bits}"
    try:
        weights, history, epoch = _train(params, root, method, bits)
    except CannotTrain as reason:
        print(f"train: {reason}", file=sys.stderr)
        write_reason(target, str(reason))
        return
    with publish(target) as folder:
        folder.mkdir()
        _save(weights, folder / "weights.safetensors")
        history.to_csv(folder / "history.csv", index=False, float_format="%.8g")
        score = history["map_expected"][epoch]
        chosen = {"epoch": epoch, "map_expected": None if np.isnan(score) else score}
        settings = getattr(params.train.methods, method).model_dump()
        write_json(folder / "selection.json", {**chosen, "parameters": settings, "seed": params.seed})


def _train(params: Params, root: Path, name: str, bits: int) -> tuple[dict[str, Any], pd.DataFrame, int]:
    """Train by formula or by gradients; give weights, history and the chosen epoch."""
    collection = read_collection(root)
    train, val, base = members(collection, "train"), members(collection, "query_val"), database(collection)
    relevance = sparse.csr_array(sparse.load_npz(root / "artifacts/relevance/query_val.npz"))
    method = create(name, bits, params)

    def score(queries: NDArray[np.float32], items: NDArray[np.float32]) -> float:
        return mean_average_precision(pack(queries), pack(items), relevance)

    if isinstance(method, ClosedForm):
        descriptors = np.load(root / "artifacts/describe/descriptors.npy")
        weights = method.fit(descriptors[train])
        score_0 = score(method.outputs(weights, descriptors[val]), method.outputs(weights, descriptors[base]))
        return weights, pd.DataFrame({"epoch": [0], "map_expected": [score_0]}), 0

    from bitscape.networks.backbones import choose_device
    from bitscape.training.loop import train as train_by_gradients

    trained = train_by_gradients(
        method,
        np.load(root / "artifacts/describe/feature_maps.npy", mmap_mode="r"),
        _supervision(root, method.needs, train, len(collection)),
        lambda outputs_of: score(outputs_of(val), outputs_of(base)),
        choose_device(params.train.common.device),
    )
    return trained.weights, trained.history, trained.epoch


def _supervision(root: Path, needs: frozenset[str], train: Rows, photographs: int) -> Any:
    """Read what the method asks for, no more, in rows of training photographs."""
    from bitscape.methods.base.learned import Supervision

    row_of = np.full(photographs, -1, dtype=np.int64)
    row_of[train] = np.arange(len(train))
    models = np.full(len(train), -1, dtype=np.int32)
    pairs = pd.DataFrame({"query": [], "positive": []}, dtype=np.int64)
    similarity = sparse.csr_array((len(train), len(train)), dtype=np.int8)
    if "pairs" in needs:
        images = pd.read_parquet(root / "artifacts/mine_pairs/images.parquet")
        models[row_of[images["image"]]] = images["model"]
        pairs = pd.read_parquet(root / "artifacts/mine_pairs/positives.parquet")
        pairs[["query", "positive"]] = row_of[pairs[["query", "positive"]]]
    if "similarity" in needs:
        similarity = sparse.csr_array(sparse.load_npz(root / "artifacts/build_similarity/similarity.npz"))
    return Supervision(train, models, pairs, similarity)


def _save(weights: dict[str, Any], path: Path) -> None:
    """Save numpy arrays or torch tensors as safetensors."""
    by_formula = all(isinstance(array, np.ndarray) for array in weights.values())
    import_module("safetensors.numpy" if by_formula else "safetensors.torch").save_file(weights, path)


if __name__ == "__main__":
    stage(run, matrix=True)
