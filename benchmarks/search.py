"""Searching with codes beside searching with floats, side by side in one run: `python -m benchmarks.search PROJECT`.

PROJECT is a folder with the results of the pipeline up to `encode`. Everything runs on one thread, BLAS too, asks with
all of `query_test` for the 100 nearest of the database, and is timed by turns, in one order and then in the other, so
that what else the machine does falls on all alike; what is told is the median of the rounds. Prints a Markdown table;
`--out` writes it as CSV, and `--docs` into `docs/search.md`. How quiet the machine was is told at the end.
"""

import argparse
import re
import time
from pathlib import Path
from statistics import median

import faiss
import numpy as np
import pandas as pd
from scipy import sparse
from threadpoolctl import threadpool_limits

from benchmarks.contenders import Contender, of_codes, of_floats
from bitscape.core.errors import BitscapeError
from bitscape.core.progress import follow
from bitscape.core.table import database, members, read_collection

ROUNDS = 9
SECONDS = 0.2
"""At least so long is one timing; short searches are repeated within it."""
QUIET = 0.97
"""Share of the time taken that the processor must have worked, for figures to be published."""
HEADS = (
    "search",
    "bytes a photograph",
    "queries a second",
    "mAP@100 over min(R, 100)",
    "recall of the 10 nearest",
    "speed-up",
    "storage reduction",
)


def measure(contenders: list[Contender], queries: int) -> None:
    """Time all by turns."""
    repeats = []
    for one in contenders:
        one.search()  # what happens the first time alone is not measured
        start = time.perf_counter()
        one.search()
        repeats.append(max(1, round(SECONDS / max(time.perf_counter() - start, 1e-6))))
    turns = list(zip(contenders, repeats, strict=True))
    for number in follow(range(ROUNDS), "time", ROUNDS):
        for one, times in turns if number % 2 == 0 else reversed(turns):
            start, worked = time.perf_counter(), time.process_time()
            for _ in range(times):
                one.search()
            taken = time.perf_counter() - start
            one.seconds.append(taken / times / queries)
            one.busy.append((time.process_time() - worked) / taken)


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
    asked = parser.parse_args()
    root = asked.project
    collection = read_collection(root)
    descriptors = np.load(root / "artifacts/describe/descriptors.npy")
    queries, items = descriptors[members(collection, "query_test")], descriptors[database(collection)]
    relevance = sparse.csr_array(sparse.load_npz(root / "artifacts/relevance/query_test.npz"))
    with threadpool_limits(1):
        faiss.omp_set_num_threads(1)
        contenders = [*of_floats(queries, items, relevance.toarray() > 0), *of_codes(root, relevance)]
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


def quietness(contenders: list[Contender]) -> str:
    """Tell how far the timings can be trusted."""
    spreads = {one.name: (max(one.seconds) - min(one.seconds)) / median(one.seconds) for one in contenders}
    widest = max(spreads, key=lambda name: spreads[name])
    busy = median(share for one in contenders for share in one.busy)
    warning = "" if busy > QUIET else " THE MACHINE WAS BUSY: these are no figures to publish."
    return (
        f"The processor worked {busy:.0%} of the time that was taken; the rounds of one search differ by "
        f"{median(spreads.values()):.0%} in the median, by {spreads[widest]:.0%} at most ({widest}).{warning}"
    )


if __name__ == "__main__":
    main()
