"""All methods on the real collections: `python -m benchmarks.methods --data DATA` (hours), then `benchmarks.tables`.

Splits are fixed; the seeds are those of the training. Epochs are chosen on query_val, what is told is of query_test.
Results are added to `benchmarks/results/methods.csv` one by one, and what is there is not measured again.
"""

import argparse
from pathlib import Path

from benchmarks.results import DESCRIPTORS, measure_missing
from benchmarks.sets import ALL, COLLECTIONS, ROOT, prepare, run
from bitscape.core.progress import progress

BASELINES = ("lsh", "pcasign", "itq")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of all measurements."""
    parser.add_argument("--data", type=Path, required=True, help="folder with one folder for each collection")
    parser.add_argument("--sets", nargs="*", default=[one.name for one in COLLECTIONS])
    parser.add_argument("--methods", nargs="*", default=[*BASELINES, *ALL])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--projects", type=Path, default=ROOT / ".scratch/benchmarks")


def main() -> None:
    """Measure what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_options(parser)
    parser.add_argument("--bits", nargs="*", type=int, default=[16, 32, 64])
    asked = parser.parse_args()
    chosen = [one for one in COLLECTIONS if one.name in asked.sets]
    pairs = [(one, method) for one in chosen for method in asked.methods if method in (*BASELINES, *one.methods)]
    with progress("measure", len(pairs)) as advance:
        for collection, method in pairs:
            folder = asked.projects.resolve() / collection.name
            prepare(collection, asked.data.resolve(), folder, run)
            measure_missing(collection, folder, DESCRIPTORS, "default", [0], 1, {})
            measure_missing(collection, folder, method, "default", asked.bits, asked.seeds, {})
            advance(note=f"{collection.name} {method}")


if __name__ == "__main__":
    main()
