"""Decide which photographs of the database each query should find."""

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from bitscape.core.params import Params
from bitscape.core.stage import stage
from bitscape.core.storage import publish, read_json, remove, write_json
from bitscape.core.table import IMAGES, database, members, read_collection
from bitscape.hamming.junk import mark_junk
from bitscape.supervision.relevance import GRADES, choose_source, same_landmark, shared_columns, shared_labels

SPLITS = ("query_val", "query_test")


def run(params: Params, root: Path) -> None:
    """Write a matrix of grades for each query split, and where they come from."""
    collection = read_collection(root)
    source = choose_source(collection, params.relevance.source)
    searched, names, labels = database(collection), collection["landmark"], collection["labels"]
    seen, torn = _seen(params, root, collection) if source == "geometry" else (None, None)
    itself = sparse.csr_array((len(collection), len(collection)), dtype=np.int32)
    if torn is not None:
        itself = sparse.csr_array((np.ones(len(torn), np.int32), torn.to_numpy().T), shape=itself.shape)
    total: dict[str, int] = {}
    without: dict[str, int] = {}
    with publish(root / "artifacts/relevance") as out:
        out.mkdir()
        for split in SPLITS:
            queries = members(collection, split)
            if seen is not None:
                grades = shared_columns(seen[queries], seen[searched], params.relevance.min_shared_points)
            elif source == "landmark":
                grades = same_landmark(names.iloc[queries].tolist(), names.iloc[searched].tolist())
            else:
                grades = shared_labels(labels.iloc[queries].tolist(), labels.iloc[searched].tolist())
            grades = mark_junk(grades, itself[queries][:, searched])
            sparse.save_npz(out / f"{split}.npz", grades)
            total[split] = len(queries)
            without[split] = int(((grades > 0).sum(axis=1) == 0).sum())
        report: dict[str, Any] = {
            "source": source,
            "grade": GRADES[source],
            "queries": total,
            "queries_without_relevant": without,
        }
        if torn is not None:
            torn.to_parquet(out / "duplicates.parquet", index=False)
            report["near_duplicates"] = len(torn)
        write_json(out / "relevance.json", report)


def _seen(params: Params, root: Path, collection: pd.DataFrame) -> tuple[sparse.csr_array, pd.DataFrame]:
    """Find which points of the models each photograph sees: from the models, or by localising it against them.

    What is matched for that also shows which queries are near-duplicates of a training photograph: junk, as a ranking
    finds these without having learned.
    """
    from bitscape.geometry.bursts import straddling_pairs
    from bitscape.geometry.candidates import nearest_neighbours
    from bitscape.geometry.colmap import log_to, pycolmap
    from bitscape.geometry.copies import write_copies
    from bitscape.geometry.covisibility import incidence
    from bitscape.geometry.features import extract, match
    from bitscape.geometry.localisation import localise

    folder, scratch = root / "artifacts/reconstruct", root / ".scratch/relevance"
    count = len(read_json(folder / "registrations.json")["models"])
    models = [pycolmap.Reconstruction(folder / "models" / str(number)) for number in range(count)]
    observations = pd.read_parquet(folder / "observations.parquet")
    if not models:
        print("relevance: there is no 3D model, so no photograph is relevant to any query.", file=sys.stderr)
        return incidence(observations, len(collection)), pd.DataFrame({"query": [], "photograph": []}, dtype="int32")

    remove(scratch)
    log_to(scratch / "log")
    train = members(collection, "train")
    train = train[np.isin(train, observations["image"].unique())]
    others = np.flatnonzero((collection["split"] != "train").to_numpy())
    descriptors = np.load(root / "artifacts/describe/descriptors.npy", mmap_mode="r")
    near = train[nearest_neighbours(descriptors[others], descriptors[train], params.relevance.neighbours)]
    files = ((int(index), root / IMAGES / collection.image[index]) for index in others)
    names = write_copies(files, scratch / "photographs", params.reconstruct.image_size, len(others))
    features = scratch / "features.db"
    shutil.copyfile(folder / "features.db", features)
    extract(features, scratch / "photographs", names, params.reconstruct)
    pairs = np.stack([np.repeat(others, near.shape[1]), near.ravel()], axis=1)
    match(features, pairs, scratch, params.reconstruct, params.seed)
    queries = members(collection, SPLITS[0]), members(collection, SPLITS[1])
    torn = straddling_pairs(features, np.concatenate(queries), train, descriptors, params.reconstruct)
    _tell(torn, collection["image"].tolist())
    localised = localise(features, models, others, near, params.relevance.min_inliers, params.seed)
    remove(features)
    remove(scratch / "photographs")
    return incidence(pd.concat([observations, localised]), len(collection)), torn


def _tell(torn: pd.DataFrame, names: list[str]) -> None:
    """Say that queries have a near-duplicate in training, and what keeps these together."""
    if len(torn):
        query, other = torn.iloc[0]
        print(
            f"relevance: {torn['query'].nunique()} queries are near-duplicates of training photographs, as "
            f"{names[query]} of {names[other]}, and their rankings are measured without these; to keep such in one "
            "split, give them one value in the column `group` of data/labels.csv.",
            file=sys.stderr,
        )


if __name__ == "__main__":
    stage(run)
