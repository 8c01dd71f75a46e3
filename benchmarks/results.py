"""What was measured: `benchmarks/results/methods.csv`, one row for each method, variant, code length and seed."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measurement import MARK
from benchmarks.sets import ROOT, Collection

RESULTS = ROOT / "benchmarks/results/methods.csv"
KEYS = ("collection", "method", "variant", "bits", "seed")
GRADED = ("ndcg_at_100", "acg_at_100", "map_weighted")
VALUES = ("map_expected", "map_expected_learned_database", *GRADED, "seconds", "epoch", "peak_mib", "reason")
DESCRIPTORS = "descriptors"
"""Not a method: the real-valued descriptors, with 0 bits."""


def measure_missing(
    collection: Collection, folder: Path, method: str, variant: str, bits: list[int], seeds: int, changes: dict
) -> None:
    """Measure and add what is not known yet of one method on one collection.

    Args:
        collection: which.
        folder: its project, prepared.
        method: name of the method, or `DESCRIPTORS`.
        variant: `default`, or what the changes are called.
        bits: code lengths.
        seeds: 0, 1, ... below this.
        changes: of the method's section of `params.yaml`.
    """
    for seed in range(seeds):
        there = _known()
        key = (collection.name, method, variant)
        missing = [length for length in bits if (*key, str(length), str(seed)) not in there]
        for told in _measure(folder, method, missing, seed, changes) if missing else ():
            _add({"collection": collection.name, "method": method, "variant": variant, "seed": seed, **told})


def _measure(folder: Path, method: str, bits: list[int], seed: int, changes: dict) -> Iterator[dict[str, Any]]:
    """Measure in a process of its own; give a row for each code length."""
    asked = [method, json.dumps(bits), str(seed), json.dumps(changes)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.measurement", *asked],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{method} in {folder}: {done.stderr[-2000:]}")
    for line in done.stdout.splitlines():
        if line.startswith(MARK):
            yield json.loads(line.removeprefix(MARK))


def _known() -> set[tuple[str, ...]]:
    """The keys of what was measured."""
    if not RESULTS.is_file():
        return set()
    with RESULTS.open(encoding="utf-8", newline="") as file:
        return {tuple(row[key] for key in KEYS) for row in csv.DictReader(file)}


def _add(row: dict[str, Any]) -> None:
    """Add a result."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    fresh = not RESULTS.is_file()
    with RESULTS.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*KEYS, *VALUES], lineterminator="\n")
        if fresh:
            writer.writeheader()
        writer.writerow(row)
