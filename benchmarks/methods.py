"""All methods on the real collections: `python -m benchmarks.methods --data DATA` (hours), then `benchmarks.tables`.

Splits are fixed; the seeds are those of the training. Epochs are chosen on query_val, what is told is of query_test.
Results are added to `benchmarks/results/methods.csv` one by one, and what is there is not measured again.
"""

import argparse
import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.sets import ALL, COLLECTIONS, ROOT, Collection, prepare, run
from bitscape.core.progress import progress

BASELINES = ("lsh", "pcasign", "itq")
RESULTS = ROOT / "benchmarks/results/methods.csv"
KEYS = ("collection", "method", "variant", "bits", "seed")
VALUES = ("map_expected", "map_expected_learned_database", "seconds", "epoch", "peak_mib", "reason")

_CHILD = """
import json, resource, sys, time
from pathlib import Path
from bitscape.core.params import Params, load
from tasks import encode, evaluate, train
from tasks.untrained import read_reason

method, bits, seed, changes = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4])
root = Path.cwd()
content = load(root / "params.yaml").model_dump()
content["train"]["methods"][method] |= changes
params = Params.model_validate({**content, "seed": seed})
if method not in ("lsh", "pcasign", "itq"):
    import bitscape.training.loop  # what takes seconds to import is no training
for length in bits:
    start = time.monotonic()
    train.run(params, root, method, length)
    seconds = time.monotonic() - start
    encode.run(params, root, method, length)
    evaluate.run(params, root, method, length)
    trained = root / f"artifacts/train/{method}-{length}"
    told = {"bits": length, "seconds": round(seconds, 2), "reason": read_reason(trained) or ""}
    metrics = json.loads((root / f"metrics/{method}-{length}.json").read_text())
    told |= {name: metrics.get(name) for name in ("map_expected", "map_expected_learned_database")}
    if not told["reason"]:
        told["epoch"] = json.loads((trained / "selection.json").read_text())["epoch"]
    told["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print("RESULT " + json.dumps(told), flush=True)
"""


def measure(
    folder: Path, method: str, bits: list[int], seed: int, changes: dict[str, object]
) -> Iterator[dict[str, object]]:
    """Train, encode and evaluate one method in a process of its own; give a row for each code length."""
    import os

    command = [sys.executable, "-c", _CHILD, method, json.dumps(bits), str(seed), json.dumps(changes)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{method} in {folder}: {done.stderr[-2000:]}")
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            yield json.loads(line.removeprefix("RESULT "))


def known() -> set[tuple[str, ...]]:
    """The keys of what was measured."""
    if not RESULTS.is_file():
        return set()
    with RESULTS.open(encoding="utf-8", newline="") as file:
        return {tuple(row[key] for key in KEYS) for row in csv.DictReader(file)}


def add(row: dict[str, object]) -> None:
    """Add a result."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    fresh = not RESULTS.is_file()
    with RESULTS.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*KEYS, *VALUES], lineterminator="\n")
        if fresh:
            writer.writeheader()
        writer.writerow(row)


def measure_missing(
    collection: Collection, folder: Path, method: str, variant: str, bits: list[int], seeds: int, changes: dict
) -> None:
    """Measure and add what is not known yet of one method on one collection."""
    for seed in range(seeds):
        there = known()
        key = (collection.name, method, variant)
        missing = [length for length in bits if (*key, str(length), str(seed)) not in there]
        for told in measure(folder, method, missing, seed, changes) if missing else ():
            add({"collection": collection.name, "method": method, "variant": variant, "seed": seed, **told})


def main() -> None:
    """Measure what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with one folder for each collection")
    parser.add_argument("--sets", nargs="*", default=[one.name for one in COLLECTIONS])
    parser.add_argument("--methods", nargs="*", default=[*BASELINES, *ALL])
    parser.add_argument("--bits", nargs="*", type=int, default=[16, 32, 64])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--projects", type=Path, default=ROOT / ".scratch/benchmarks")
    asked = parser.parse_args()
    chosen = [one for one in COLLECTIONS if one.name in asked.sets]
    pairs = [(one, method) for one in chosen for method in asked.methods if method in (*BASELINES, *one.methods)]
    with progress("measure", len(pairs)) as advance:
        for collection, method in pairs:
            folder = asked.projects.resolve() / collection.name
            prepare(collection, asked.data.resolve(), folder, run)
            measure_missing(collection, folder, method, "default", asked.bits, asked.seeds, {})
            advance(note=f"{collection.name} {method}")


if __name__ == "__main__":
    main()
