"""Searching with codes beside searching with floats, side by side in one run: `python -m benchmarks.search PROJECT`.

PROJECT is a folder with the results of the pipeline up to `encode`; with `--data DATA` it is made of `cifar10-6000`
below DATA first, with all methods at 64 bits (what is there is kept). Everything runs on one thread, BLAS too, and asks
with all of `query_test` for the 100 nearest of the database. Prints a Markdown table; `--out` writes it as CSV, and
`--docs` into `docs/search.md`. How quiet the machine was is told at the end.
"""

import argparse
import re
import sys
from pathlib import Path
from statistics import median

import faiss
import numpy as np
import pandas as pd
from scipy import sparse
from threadpoolctl import threadpool_limits

from benchmarks.contenders import Contender, of_codes, of_floats
from benchmarks.sets import COLLECTIONS, prepare, run
from benchmarks.timing import ROUNDS, measure, quietness
from bitscape.core.errors import BitscapeError
from bitscape.core.params import load
from bitscape.core.progress import follow
from bitscape.core.table import database, members, read_collection

BITS = 64
HEADS = (
    "search",
    "bytes a photograph",
    "queries a second",
    "mAP@100 over min(R, 100)",
    "recall of the 10 nearest",
    "speed-up",
    "storage reduction",
)


def make_project(root: Path, data: Path) -> None:
    """Bring about the codes of all methods on CIFAR-10."""
    prepare(next(one for one in COLLECTIONS if one.name == "cifar10-6000"), data, root, run)
    methods = load(root / "params.yaml").methods
    for method in follow(methods, "train and encode", len(methods)):
        if not (root / f"artifacts/encode/{method}-{BITS}/query_test.npy").is_file():
            run([sys.executable, "-m", "benchmarks.measurement", method, f"[{BITS}]", "0", "{}"], root)


def table(contenders: list[Contender]) -> pd.DataFrame:
    """One row for each; speed-up and storage against the first, the float scan."""
    base, first = median(contenders[0].seconds), contenders[0]
    return pd.DataFrame(
        {
            "search": one.name,
            "bytes_per_image": one.bytes,
            "queries_per_second": round(1 / median(one.seconds)),
            "map_at_100_over_min_rk": round(one.score, 4),
            "recall_at_10": None if one.recall is None else round(one.recall, 3),
            "speed_up": ratio(base / median(one.seconds)),
            "storage_reduction": ratio(first.bytes / one.bytes),
        }
        for one in contenders
    )


def ratio(value: float) -> float:
    """Round to two decimals below 10, to one above, so that 0.95 is not told as 1."""
    return round(value, 2 if value < 10 else 1)


def markdown(found: pd.DataFrame) -> str:
    """Lay the table out as it stands in the documentation."""
    lines = ["| " + " | ".join(HEADS) + " |", "| --- |" + " ---: |" * (len(HEADS) - 1)]
    rows = [["" if value is None or value != value else str(value) for value in row] for row in found.to_numpy()]
    lines.extend("| " + " | ".join(row) + " |" for row in rows)
    return "\n".join(lines)


def write_into(document: Path, shown: str) -> None:
    """Put the table in the place of the one that the documentation has."""
    text = document.read_text(encoding="utf-8")
    old = re.compile(rf"^\| {re.escape(HEADS[0])} \| {re.escape(HEADS[1])} .*\n(\|.*\n)+", re.MULTILINE)
    if len(old.findall(text)) != 1:
        raise BitscapeError(f"{document} has no table that begins with `| {HEADS[0]} | {HEADS[1]} |` to be replaced.")
    document.write_text(old.sub(lambda _: shown + "\n", text), encoding="utf-8")


def main() -> None:
    """Measure a project."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("--out", type=Path, help="CSV to write")
    parser.add_argument("--docs", type=Path, help="Markdown file whose table is replaced")
    parser.add_argument("--data", type=Path, help="folder of the collections, to make PROJECT of cifar10-6000")
    asked = parser.parse_args()
    root = asked.project
    if asked.data:
        make_project(root.resolve(), asked.data.resolve())
    collection = read_collection(root)
    descriptors = np.load(root / "artifacts/describe/descriptors.npy")
    queries, items = descriptors[members(collection, "query_test")], descriptors[database(collection)]
    relevance = sparse.csr_array(sparse.load_npz(root / "artifacts/relevance/query_test.npz"))
    with threadpool_limits(1):
        faiss.omp_set_num_threads(1)
        contenders = [*of_floats(queries, items, relevance.toarray()), *of_codes(root, relevance)]
        measure(contenders, len(queries))
    found = table(contenders)
    print(f"{len(items)} photographs, {len(queries)} queries, one thread, median of {ROUNDS} rounds.\n")
    print(markdown(found))
    print(f"\n{quietness(contenders)}")
    if asked.out:
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        found.to_csv(asked.out, index=False, lineterminator="\n")
    if asked.docs:
        write_into(asked.docs, markdown(found))


if __name__ == "__main__":
    main()
