"""Mirror the results to MLflow: one run per method and code length, however the results came about.

A run is keyed by what `dvc.lock` says of its stages, so that results out of DVC's cache are logged like fresh ones and
nothing is logged twice. MLflow being out of reach is a warning: the next run of the stage fills in what is missing.
"""

import csv
import hashlib
import json
import math
import os
import re
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml

from bitscape.core.params import Params
from bitscape.core.stage import stage
from bitscape.core.storage import read_json
from bitscape.core.untrained import read_reason

EXPERIMENT = "bitscape"
KEY = "bitscape.key"
POINTS = 200  # of a curve; MLflow's interface becomes slow with more
SQLITE = "sqlite:///"
# MLflow's own limits would have a server that is down hold up the pipeline for minutes; the next run tries again.
MLFLOW = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
}


def run(params: Params, root: Path) -> None:
    """Log every result that has no finished run yet."""
    keys = _keys(params, root)
    uri = os.environ.get("MLFLOW_TRACKING_URI") or f"{SQLITE}{root.resolve() / 'mlflow.db'}"
    if set(keys.values()) <= _finished(uri):
        return
    os.environ.update({name: value for name, value in MLFLOW.items() if name not in os.environ})
    from filelock import FileLock
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        (root / ".scratch").mkdir(exist_ok=True)
        with FileLock(root / ".scratch" / "track.lock", timeout=600):  # a flow and a run by hand may meet here
            logged = _mirror(params, root, uri, keys)
    except (MlflowException, SQLAlchemyError, sqlite3.Error, OSError) as error:
        reason = " ".join(str(error).split())[:400]
        print(f"track: warning: MLflow at {uri} is out of reach, `dvc repro` tries again: {reason}", file=sys.stderr)
    else:
        print(f"track: {logged} of {len(keys)} results were new to MLflow at {uri}", file=sys.stderr)


def _keys(params: Params, root: Path) -> dict[tuple[str, int], str]:
    """Key each complete result by the lock entries of its stages, whose md5 cover everything upstream."""
    lock = root / "dvc.lock"
    text = lock.read_text(encoding="utf-8") if lock.is_file() else "{}"
    stages = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)).get("stages", {})
    keys: dict[tuple[str, int], str] = {}
    for method, bits in ((method, bits) for method in params.methods for bits in params.bits):
        entries = [stages.get(f"{part}@{method}-{bits}") for part in ("train", "encode", "evaluate")]
        if all(entries) and (root / "metrics" / f"{method}-{bits}.json").is_file():
            keys[method, bits] = hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()
    return keys


def _finished(uri: str) -> set[str]:
    """Read the finished runs' keys straight from an SQLite store: importing MLflow would take two seconds.

    Whatever is unexpected gives the empty set, which has MLflow asked.
    """
    path = Path(uri.removeprefix(SQLITE))
    if not uri.startswith(SQLITE) or not path.is_file():
        return set()
    query = """
        SELECT tags.value FROM tags JOIN runs USING (run_uuid) JOIN experiments USING (experiment_id)
        WHERE tags.key = ? AND experiments.name = ? AND runs.status = 'FINISHED' AND runs.lifecycle_stage = 'active'
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as store:
            return {key for (key,) in store.execute(query, (KEY, EXPERIMENT))}
    except sqlite3.Error:
        return set()


def _mirror(params: Params, root: Path, uri: str, keys: dict[tuple[str, int], str]) -> int:
    """Create the runs that are missing, anew where one was broken off; tell how many."""
    from mlflow import MlflowClient

    if uri.startswith(SQLITE):
        # MLflow retries an unusable database for minutes; SQLite itself says at once what is wrong.
        with closing(sqlite3.connect(uri.removeprefix(SQLITE))) as store:
            store.execute("PRAGMA schema_version")
    client = MlflowClient(tracking_uri=uri)
    known = client.get_experiment_by_name(EXPERIMENT)
    place = (root / "mlartifacts").resolve().as_uri() if uri.startswith(SQLITE) else None
    experiment = known.experiment_id if known else client.create_experiment(EXPERIMENT, artifact_location=place)
    created = 0
    for (method, bits), key in keys.items():
        runs = client.search_runs([experiment], f"tags.`{KEY}` = '{key}'")
        for broken in (one for one in runs if one.info.status != "FINISHED"):
            client.delete_run(broken.info.run_id)
        if all(one.info.status != "FINISHED" for one in runs):
            made = client.create_run(experiment, tags={KEY: key}, run_name=f"{method}-{bits}")
            _log(client, made.info.run_id, params, root, method, bits)
            client.set_terminated(made.info.run_id, "FINISHED")
            created += 1
    return created


def _log(client: Any, run_id: str, params: Params, root: Path, method: str, bits: int) -> None:
    """Log parameters, metrics, curves, the collection's hash and the files of one result."""
    from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

    name, now = f"{method}-{bits}", int(time.time() * 1000)
    trained = root / "artifacts" / "train" / name
    train = {**params.train.common.model_dump(), **_settings(params, trained, method)}
    shared = params.model_dump(exclude={"bits", "methods", "train", "compare"})
    parameters = [Param(*pair) for pair in _flat({"method": method, "bits": bits, **shared, "train": train})]
    final = _flat(read_json(root / "metrics" / f"{name}.json"))
    metrics = [Metric(key, value, now, 0) for key, value in final if isinstance(value, int | float)]
    tracked = root / "data.dvc"
    md5 = yaml.safe_load(tracked.read_text(encoding="utf-8"))["outs"][0]["md5"] if tracked.is_file() else "untracked"
    tags = [RunTag("data.md5", md5)]
    if reason := read_reason(trained):
        tags.append(RunTag("mlflow.note.content", f"Not trained. {reason}"))  # what the page of a run shows on top
    client.log_batch(run_id, metrics=metrics, params=parameters, tags=tags)
    for curve in _curves(trained / "history.csv"):
        client.log_batch(run_id, metrics=[Metric(key, value, now, epoch) for key, value, epoch in curve])
    dataset = Dataset(name="data", digest=md5, source_type="local", source=json.dumps({"uri": "data"}))
    client.log_inputs(run_id, datasets=[DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])
    figures, curves = root / "reports" / "figures", root / "plots" / "precision_recall"
    for path in trained / "weights.safetensors", figures / f"{name}.png", curves / f"{name}.csv":
        if path.is_file():
            client.log_artifact(run_id, str(path))


def _settings(params: Params, trained: Path, method: str) -> dict[str, Any]:
    """Give the settings that the training used, some of which a variant or a published network decides itself."""
    selection = trained / "selection.json"
    if selection.is_file():
        used: dict[str, Any] = read_json(selection)["parameters"]
        return used
    asked: dict[str, Any] = getattr(params.train.methods, method).model_dump()
    return asked


def _flat(content: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Flatten nested sections into names such as `train.epochs`, in the characters that MLflow takes."""
    for name, value in content.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + re.sub(r"[^\w.-]", "_", name.replace("@", "_at_")), value


def _curves(history: Path) -> Iterator[list[tuple[str, float, int]]]:
    """Read each column of `history.csv` as (name, value, epoch), thinned to `POINTS`; the last epoch stays."""
    rows = list(csv.DictReader(history.read_text(encoding="utf-8").splitlines())) if history.is_file() else []
    kept = rows[:: -max(1, math.ceil(len(rows) / POINTS))][::-1]
    for column in sorted(kept[0].keys() - {"epoch"}) if kept else ():
        values = [(f"training/{column}", float(row[column] or "nan"), int(row["epoch"])) for row in kept]
        yield [point for point in values if math.isfinite(point[1])]


if __name__ == "__main__":
    stage(run)
