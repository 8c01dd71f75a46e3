"""From the results of the pipeline to a bundle of the photographs that it searches."""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bitscape.core.errors import BitscapeError
from bitscape.core.photograph import open_photograph
from bitscape.core.storage import read_json, reading
from bitscape.core.table import IMAGES, database, read_collection
from bitscape.hamming.codes import Codes, code_bytes
from bitscape.methods.base.registry import REGISTRY
from bitscape.networks.features import to_square
from bitscape.search.backbone import describe_backbone
from bitscape.search.bundle import Bundle
from bitscape.search.encoder import MapsEncoder, PhotographEncoder, PixelEncoder, ProjectionEncoder, build_encoder
from bitscape.search.encoding import run
from bitscape.search.index import IndexSettings
from bitscape.search.manifest import Model
from bitscape.search.probe import agree
from bitscape.search.signs import same_signs
from bitscape.search.sizing import description

BLOCK = 64
CHECKED = 4
"""Photographs that are encoded anew, to see that the transform is the one that the stored features come from."""


def choose(root: Path, method: str | None = None, bits: int | None = None) -> Model:
    """Choose a trained method: the best `map_expected` on `query_val`, of equal ones the shortest code.

    Where nothing could be validated it is the longest code of the first method, in the order of the methods.

    Args:
        root: the project's folder.
        method: consider this one alone.
        bits: consider this code length alone.

    Raises:
        BitscapeError: if no such method is trained.
    """
    found = []
    for path in sorted((root / "artifacts/train").glob("*/selection.json")):
        name, _, length = path.parent.name.rpartition("-")
        if name not in REGISTRY or not re.fullmatch(r"\d+", length):
            continue
        if method in (None, name) and bits in (None, int(length)):
            stage = f"train@{path.parent.name}"
            told = read_json(path, stage)
            with reading(path, stage):
                found.append(
                    Model(
                        method=name,
                        bits=int(length),
                        seed=told["seed"],
                        parameters=told["parameters"],
                        channels=told.get("channels"),
                        classes=told.get("classes"),
                        score=told["map_expected"],
                    )
                )
    if not found:
        asked = "-".join(str(one) for one in (method, bits) if one is not None) or "method"
        raise BitscapeError(f"{root / 'artifacts/train'} has no trained {asked}; run `dvc repro`, or name another.")
    order = list(REGISTRY)
    scored = [one for one in found if one.score is not None]
    if scored:
        return min(scored, key=lambda one: (-(one.score or 0), one.bits, order.index(one.method)))
    return min(found, key=lambda one: (order.index(one.method), -one.bits))


def bundle_of(root: Path, model: Model, settings: IndexSettings | None = None, *, empty: bool = False) -> Bundle:
    """Bundle a trained method with the database that the pipeline has encoded.

    Args:
        root: the project's folder.
        model: of `choose`.
        settings: of the index; exact by default.
        empty: with no photographs, to be filled with others.

    Raises:
        BitscapeError: if results are missing, or belong to different runs.
    """
    from safetensors.numpy import load_file

    name = f"{model.method}-{model.bits}"
    trained, described = root / f"artifacts/train/{name}/weights.safetensors", root / "artifacts/describe/backbone.json"
    with reading(trained, f"train@{name}"):
        weights = load_file(trained)
    with reading(described, "describe"):
        told = read_json(described, "describe")
        told = {key: told[key] for key in ("backbone", "weights", "image_size")}
    transform, backbone, kept = describe_backbone(told)
    encoder = build_encoder(model, weights, lambda: backbone, transform.image_size)
    if isinstance(encoder, PixelEncoder) and encoder.network.backbone is None:
        transform, kept = None, {}  # type: ignore[assignment]
    bundle = Bundle(
        model=model,
        transform=transform,
        weights=weights,
        backbone_weights=kept,
        photographs=(root / IMAGES).resolve(),
        images=[],
        sums=[],
        codes=np.empty((0, code_bytes(model.bits)), np.uint8),
        outputs=np.empty((0, model.bits), np.float32),
        settings=settings or IndexSettings(),
        _encoder=encoder,
    )
    if empty:
        return bundle
    collection = read_collection(root)
    rows = database(collection)
    description(len(rows), model.bits, bundle.settings)  # told before anything is encoded
    bundle.images, bundle.sums = (collection[column].iloc[rows].tolist() for column in ("image", "sha256"))
    bundle.outputs = _outputs(root, bundle, encoder, len(collection), rows)
    bundle.codes = _codes(root, name, bundle.outputs)
    _check_transform(bundle)
    return bundle


def _outputs(
    root: Path, bundle: Bundle, encoder: PhotographEncoder, count: int, rows: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Compute the outputs of the database, from what `describe` has stored where the network starts there."""
    import torch

    if not isinstance(encoder, MapsEncoder):
        return bundle.encode([bundle.photographs / image for image in bundle.images])
    closed = isinstance(encoder, ProjectionEncoder)
    path = root / f"artifacts/describe/{'descriptors' if closed else 'feature_maps'}.npy"
    width = len(bundle.weights["mean"]) if closed else bundle.model.channels
    with reading(path, "describe"):
        stored = np.load(path, mmap_mode="r")
        if stored.shape[:2] != (count, width):
            raise ValueError(f"{stored.shape} is not of {count} photographs and {width} channels")
    compute = encoder.from_descriptors if isinstance(encoder, ProjectionEncoder) else encoder.from_maps
    blocks = []
    with torch.inference_mode():
        for start in range(0, len(rows), BLOCK):
            block = torch.from_numpy(stored[rows[start : start + BLOCK]].astype(np.float32))
            blocks.append(compute(block).numpy())
    outputs = np.concatenate(blocks)
    if not np.isfinite(outputs).all():
        raise BitscapeError(f"{path} is damaged (it gives outputs that are no numbers); run `dvc repro describe`.")
    return outputs


def _codes(root: Path, name: str, outputs: NDArray[np.float32]) -> Codes:
    """Read the codes that were evaluated; they must be the signs of the outputs."""
    path = root / "artifacts/encode" / name / "database.npy"
    with reading(path, f"encode@{name}"):
        codes: Codes = np.load(path, allow_pickle=False)
    if not same_signs(codes, outputs):
        raise BitscapeError(
            f"{path} does not hold the codes of the weights and features that are there; run `dvc repro`."
        )
    return codes


def _check_transform(bundle: Bundle) -> None:
    """Compare the outputs of some photographs with those of the features that are stored of them."""
    import torch

    paths = [bundle.photographs / image for image in bundle.images]
    rows = [row for row, path in enumerate(paths) if path.is_file()][:CHECKED]
    if not rows:
        return
    block = torch.stack([to_square(open_photograph(paths[row]), bundle.encoder.side) for row in rows])
    if not agree(bundle.outputs[rows], run(bundle.encoder, block, torch.device("cpu"))):
        raise BitscapeError(
            f"The features that artifacts/describe holds of {bundle.images[rows[0]]} and the next photographs are not "
            "those of the photographs and the backbone that are there; run `dvc repro`."
        )
