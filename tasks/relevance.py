"""Decide which photographs of the database each query should find."""

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
    seen, torn = _matched(params, root, collection, source == "geometry")
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


def _matched(
    params: Params, root: Path, collection: pd.DataFrame, localising: bool
) -> tuple[sparse.csr_array | None, pd.DataFrame | None]:
    """Match queries with photographs: to see what they see of the models, and which are near-duplicates.

    Args:
        params: all parameters.
        root: the project's folder.
        collection: the photographs.
        localising: whether it is asked for what photographs see.

    Returns:
        (n, points) which points each photograph sees, from the models or by localising it against them; and `query`
        and `photograph` of near-duplicates. None of what is not asked for.
    """
    folder, asked = root / "artifacts/reconstruct", params.relevance.near_duplicates
    registered = folder / "registrations.json"
    count = len(read_json(registered)["models"]) if registered.is_file() else 0
    looking = asked == "always" or (asked == "auto" and (localising or count > 0))
    if not localising and not looking:
        return None, None

    from bitscape.geometry.candidates import nearest_neighbours
    from bitscape.geometry.colmap import log_to, pycolmap
    from bitscape.geometry.covisibility import incidence
    from bitscape.geometry.localisation import localise
    from bitscape.geometry.straddling import look_alikes, match_pairs, straddling_pairs

    scratch, settings = root / ".scratch/relevance", params.reconstruct
    queries = np.concatenate([members(collection, split) for split in SPLITS])
    others = np.flatnonzero((collection["split"] != "train").to_numpy())
    descriptors = np.load(root / "artifacts/describe/descriptors.npy", mmap_mode="r")
    pairs = np.empty((0, 2), np.int64)
    if looking:
        pairs = look_alikes(descriptors, queries, database(collection), params.relevance.neighbours, settings)
    models, observations = [], pd.read_parquet(folder / "observations.parquet")
    if localising:
        models = [pycolmap.Reconstruction(folder / "models" / str(number)) for number in range(count)]
    if localising and not models:
        print("relevance: there is no 3D model, so no photograph is relevant to any query.", file=sys.stderr)
    if models:
        train = members(collection, "train")
        train = train[np.isin(train, observations["image"].unique())]
        near = train[nearest_neighbours(descriptors[others], descriptors[train], params.relevance.neighbours)]
        localising_pairs = np.stack([np.repeat(others, near.shape[1]), near.ravel()], axis=1)
        pairs = np.unique(np.concatenate([pairs, localising_pairs]), axis=0)

    remove(scratch)
    log_to(scratch / "log")
    added = others if models else np.intersect1d(others, pairs)
    files = [(int(index), root / IMAGES / collection.image[index]) for index in added]
    features = scratch / "features.db"
    match_pairs(folder / "features.db", features, files, pairs, settings, params.seed)
    torn = None
    if looking:
        matched = np.intersect1d(queries, pairs)
        torn = straddling_pairs(features, matched, np.setdiff1d(pairs, queries), descriptors, settings)
        _tell(torn, collection["image"].tolist())
    if models:
        localised = localise(features, models, others, near, params.relevance.min_inliers, params.seed)
        observations = pd.concat([observations, localised])
    remove(features)
    remove(scratch / "photographs")
    return incidence(observations, len(collection)) if localising else None, torn


def _tell(torn: pd.DataFrame, names: list[str]) -> None:
    """Say that queries have a near-duplicate in the database, and what keeps these together."""
    if len(torn):
        query, other = torn.iloc[0]
        print(
            f"relevance: {torn['query'].nunique()} queries are near-duplicates of photographs that they search, as "
            f"{names[query]} of {names[other]}, and their rankings are measured without these; to keep such in one "
            "split, give them one value in the column `group` of data/labels.csv.",
            file=sys.stderr,
        )


if __name__ == "__main__":
    stage(run)
