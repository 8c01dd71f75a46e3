"""What a ranking costs: `python -m benchmarks.ranking`, which writes `benchmarks/results/ranking.json` and a figure.

Side by side in one run, medians over several: the expected mAP of 1,000 queries against 59,000 codes of 64 bits, all of
whose distances count; the usual loop over queries with a sort each; and FAISS's exact search for the first 100, which
finds no mAP but is the fastest way to compare as many codes. Then the memory at 10,000,000 codes, and the cost over the
size of the database and the code length.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bitscape.core.storage import publish, write_json
from bitscape.hamming import ranking
from bitscape.hamming.average_precision import expected

RESULTS = Path(__file__).parent / "results/ranking.json"
FIGURE = Path(__file__).parents[1] / "docs/images/ranking-cost.png"
CLASSES = 10
MIB = 1 << 20


def make(queries: int, items: int, bits: int) -> tuple[np.ndarray, ...]:
    """Draw codes that resemble one of ten classes, a fifth of the bits turned over, and their classes."""
    generator = np.random.default_rng(0)
    centres = generator.integers(0, 256, (CLASSES, bits // 8), dtype=np.uint8)
    drawn: list[np.ndarray] = []
    for rows in (queries, items):
        classes = generator.integers(0, CLASSES, rows)
        codes = np.empty((rows, bits // 8), np.uint8)
        for start in range(0, rows, 1 << 16):
            own = classes[start : start + (1 << 16)]
            noise = np.packbits(generator.random((len(own), bits), dtype=np.float32) < 0.2, axis=1)
            codes[start : start + len(own)] = centres[own] ^ noise
        drawn += [codes, classes]
    return drawn[0], drawn[2], drawn[1], drawn[3]


def ours(queries: np.ndarray, database: np.ndarray, asked: np.ndarray, classes: np.ndarray) -> float:
    """The expected mAP over ties, from packed codes and classes."""
    return float(expected(ranking.class_histograms(queries, database, asked, classes)).mean())


def loop(queries: np.ndarray, database: np.ndarray, asked: np.ndarray, classes: np.ndarray) -> float:
    """The usual one: relevance and distances by products of float32, a sort for each query, precision at the hits.

    Args:
        queries: (queries, bits) of -1 and +1.
        database: (items, bits) likewise.
        asked: (queries, classes) of 0 and 1.
        classes: (items, classes) likewise.
    """
    total = 0.0
    bits = queries.shape[1]
    for code, label in zip(queries, asked, strict=True):
        relevant = (classes @ label > 0).astype(np.float32)
        ranked = relevant[np.argsort(0.5 * (bits - database @ code))]
        found = int(ranked.sum())
        places = np.flatnonzero(ranked == 1) + 1
        total += float(np.mean(np.linspace(1, found, found) / places))
    return total / len(queries)


def seconds(action: Callable[[], object], runs: int) -> list[float]:
    """Time an action several times."""
    took = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        took.append(time.perf_counter() - start)
    return took


def compare(runs: int) -> dict[str, object]:
    """Time the three beside each other, in turn in each run, so that what else runs slows all alike."""
    import faiss

    queries, database, asked, classes = make(1000, 59_000, 64)
    hot_queries, hot_items = (np.eye(CLASSES, dtype=np.float32)[labels] for labels in (asked, classes))
    asking, searched = (np.unpackbits(codes, axis=1).astype(np.float32) * 2 - 1 for codes in (queries, database))
    faiss.omp_set_num_threads(len(os.sched_getaffinity(0)))
    index = faiss.IndexBinaryFlat(64)
    index.add(database)
    actions: dict[str, Callable[[], object]] = {
        "expected_map": lambda: ours(queries, database, asked, classes),
        "faiss_first_100": lambda: index.search(queries, 100),
        "loop_with_a_sort": lambda: loop(asking, searched, hot_queries, hot_items),
    }
    ranking.COMPILED_FROM = 0
    actions["expected_map"]()  # compiled
    took: dict[str, list[float]] = {name: [] for name in actions}
    worked: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(runs):
        for name, action in actions.items():
            before, times = time.process_time(), 1 if name.startswith("loop") else 5
            took[name] += seconds(action, times)
            worked[name].append((time.process_time() - before) / times)
    medians = {name: statistics.median(values) for name, values in took.items()}  # seconds for 1,000 queries
    return {
        "milliseconds_per_query": medians,
        "fastest_milliseconds_per_query": {name: min(values) for name, values in took.items()},
        "processor_milliseconds_per_query": {name: statistics.median(values) for name, values in worked.items()},
        "times_the_loop": medians["loop_with_a_sort"] / medians["expected_map"],
        "times_faiss": medians["faiss_first_100"] / medians["expected_map"],
        "map": {name: actions[name]() for name in ("expected_map", "loop_with_a_sort")},
        "runs": runs,
    }


def in_a_process(call: str, cores: int) -> dict[str, object]:
    """Call a function of this module in a fresh process on the first so many cores, which all threads then share."""
    chosen = sorted(os.sched_getaffinity(0))[:cores]
    code = (
        f"import os, json; os.sched_setaffinity(0, {chosen}); "
        f"from benchmarks.ranking import *; print(json.dumps({call}))"
    )
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, object] = json.loads(done.stdout)
    return told


def memory(items: int) -> dict[str, float]:
    """Measure what 1,000 queries against many codes need beyond the codes, as the peak of a process of its own."""
    queries, database, asked, classes = make(1000, items, 64)
    ranking.COMPILED_FROM = 0
    ours(queries[:1], database[:1000], asked[:1], classes[:1000])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    value = ours(queries, database, asked, classes)
    took = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    codes = (queries.nbytes + database.nbytes) / MIB
    told = {"codes_mib": codes, "with_codes_mib": before, "peak_mib": after, "beyond_mib": after - before}
    return told | {"seconds": took, "map": value, "items": items}


def scaling(most: int, runs: int) -> dict[str, list[list[float]]]:
    """Milliseconds a query over the size of the database at 64 bits, and over the bits at 100,000 items."""
    sizes, lengths = [], []
    ranking.COMPILED_FROM = 0
    for items in [size for size in (10**4, 10**5, 10**6, 10**7) if size <= most]:
        case = make(100, items, 64)
        sizes.append([items, 10 * statistics.median(seconds(lambda case=case: ours(*case), runs))])  # type: ignore[misc]
    for bits in (16, 32, 64, 128, 256, 512):
        case = make(100, 10**5, bits)
        lengths.append([bits, 10 * statistics.median(seconds(lambda case=case: ours(*case), runs))])  # type: ignore[misc]
    return {"items": sizes, "bits": lengths}


def draw(costs: dict[str, list[list[float]]]) -> None:
    """Plot both, with a line of slope 1 beside the sizes."""
    from bitscape.reporting.style import LIGHT, blank, label, png

    figure, panels = blank(2, LIGHT)
    for panel, name, title in zip(panels, ("items", "bits"), ("64 bits", "100,000 codes"), strict=True):
        x, y = np.array(costs[name]).T
        panel.loglog(x, y, "o-", color=LIGHT.methods[2], label="measured")
        panel.loglog(x, y[-1] * x / x[-1], color=LIGHT.faint, linestyle="--", label="proportional")
        panel.set_ylim(bottom=min(y) / 3, top=max(y) * 3)
        panel.minorticks_off()
        if name == "bits":
            panel.set_xticks(x, [f"{bits:.0f}" for bits in x])
        across = "codes in the database" if name == "items" else "bits"
        label(panel, LIGHT, f"Expected mAP, {title}", across, "milliseconds a query")
        panel.legend(frameon=False, fontsize=9, labelcolor=LIGHT.ink)
    with publish(FIGURE) as path:
        path.write_bytes(png(figure))


def main() -> None:
    """Measure everything, or a part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", nargs="*", default=["compare", "memory", "scaling"])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--most", type=int, default=10**7, help="items of the largest database")
    asked = parser.parse_args()
    found = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    found["machine"] = {"cores": len(os.sched_getaffinity(0)), "processor": _processor()}
    cores = len(os.sched_getaffinity(0))
    if "compare" in asked.parts:
        for number in sorted({1, cores}):
            found[f"compare_on_{number}"] = in_a_process(f"compare({asked.runs})", number)
    if "memory" in asked.parts:
        found["memory"] = in_a_process(f"memory({asked.most})", cores)
    if "scaling" in asked.parts:
        found["scaling"] = scaling(asked.most, asked.runs)
        draw(found["scaling"])
    write_json(RESULTS, found)
    print(json.dumps(found, indent=2))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    main()
