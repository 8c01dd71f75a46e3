"""Time and memory of mining on simulated collections of four sizes: `python -m benchmarks.mining` (10 to 20 minutes).

Each size runs in a process of its own. A simulated place has cameras on a ring and points around it, of which a camera
sees half of those ahead; places have 25 to 1,000 photographs in the same mixture at every size. 105 points and 400
observations belong to each photograph, so the largest of the four has 100,000 photographs and 10,000,000 points.
Descriptors have the default backbone's 1,280 numbers. Written: `benchmarks/results/mining.csv` and
`docs/images/mining.png`.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.sets import ROOT

RESULTS = ROOT / "benchmarks/results/mining.csv"
FIGURE = ROOT / "docs/images/mining.png"
SIZES = (12_500, 25_000, 50_000, 100_000)
PLACES = (25, 50, 100, 200, 25, 100, 1000)  # photographs of the places, again and again
POINTS = 105  # of a place, for each of its photographs; 2 % of them are never seen
SEEN = 400  # by a photograph
CHANNELS = 1280
NEIGHBOURS = 21


def place(number: int, count: int, first: int, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Simulate one place: its observations, and its cameras."""
    points = POINTS * count
    bearing = np.sort(rng.random(points))
    cameras = rng.random(count)
    centre = np.searchsorted(bearing, cameras)[:, None]
    within = rng.integers(-SEEN, SEEN, (count, 2 * SEEN))  # ahead are twice as many points as it sees
    rows = np.repeat(np.arange(count), 2 * SEEN)
    key = np.unique(rows * points + ((centre + within) % points).ravel())
    image, point = key // points, key % points
    keep = rng.random(len(key)) < SEEN * count / len(key)
    image, point = image[keep], point[keep]
    distance = 2 ** rng.random(count)
    seen = pd.DataFrame(
        {
            "model": np.full(len(image), number, np.int32),
            "image": (first + image).astype(np.int32),
            "point": point,
            "depth": distance[image].astype(np.float32),
            "focal": np.full(len(image), 800, np.float32),
        }
    )
    turn = 2 * np.pi * cameras
    where = {"x": distance * np.cos(turn), "y": distance * np.sin(turn), "z": rng.normal(0, 0.1, count)}
    return seen, pd.DataFrame({"model": number, "image": first + np.arange(count), **where})


def simulate(photographs: int) -> tuple[pd.DataFrame, pd.DataFrame, NDArray[np.float32]]:
    """Simulate a collection: observations, cameras and descriptors."""
    rng, first, number = np.random.default_rng(0), 0, 0
    seen, cameras, descriptors = [], [], np.empty((photographs, CHANNELS), np.float32)
    while first < photographs:
        count = min(PLACES[number % len(PLACES)], photographs - first)
        tables = place(number, count, first, rng)
        seen.append(tables[0])
        cameras.append(tables[1])
        rows = rng.standard_normal(CHANNELS, np.float32) + rng.standard_normal((count, CHANNELS), np.float32)
        descriptors[first : first + count] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        first, number = first + count, number + 1
    return pd.concat(seen, ignore_index=True), pd.concat(cameras, ignore_index=True), descriptors


def measure(photographs: int) -> dict[str, float]:
    """Do what `mine_pairs` does, and the search for candidates of the matching; tell seconds and MiB."""
    from bitscape.core.settings.supervision import MinePairs
    from bitscape.geometry.candidates import nearest_neighbours
    from bitscape.geometry.covisibility import apparent_scale, covisibility, ones
    from bitscape.geometry.levels import relevance_levels
    from bitscape.geometry.pairs import membership, positive_pairs
    from bitscape.geometry.strategies import camera_pool
    from tasks.mine_pairs import hardest

    observations, cameras, descriptors = simulate(photographs)
    told: dict[str, float] = {
        "photographs": photographs,
        "points": int(observations.groupby("model")["point"].nunique().sum()),
        "observations": len(observations),
        "mib_simulated": _peak(),
    }
    rules = MinePairs()

    @contextmanager
    def timed(name: str) -> Iterator[None]:
        start, before = time.monotonic(), time.process_time()
        yield
        told[name] = round(time.monotonic() - start, 2)
        told[f"{name}_cpu"] = round(time.process_time() - before, 2)  # tells more where other work disturbs
        print(f"{photographs:,}: {name} {told[name]} s, {_peak()} MiB at most", file=sys.stderr, flush=True)

    with timed("track_pass"):
        scale = apparent_scale(observations, photographs)
        shared = covisibility(ones(scale))
    with timed("rules"):
        pool = camera_pool(cameras, photographs, rules.camera_pool)
        positives = positive_pairs(shared, scale, pool, descriptors, rules, 0)
        levels = relevance_levels(shared, rules.levels)
        images = membership(observations, np.arange(photographs), rules, 0)
    with timed("hard_negatives"):
        training = pd.DataFrame({"landmark": None, "labels": [[]] * photographs})
        negatives = hardest(training, descriptors, images, rules.negatives)
    with timed("neighbours"):
        nearest_neighbours(descriptors, descriptors, NEIGHBOURS)
    told |= {"covisible": shared.nnz, "graded": levels.nnz, "positives": len(positives), "negatives": len(negatives)}
    total = {"seconds": sum(told[name] for name in STEPS), "cpu_seconds": sum(told[f"{name}_cpu"] for name in STEPS)}
    return told | {name: round(value, 2) for name, value in total.items()} | {"mib": _peak()}


STEPS = ("track_pass", "rules", "hard_negatives", "neighbours")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def draw(rows: pd.DataFrame) -> None:
    """Plot CPU time and memory over the number of photographs, with a straight line through the smallest to compare.

    CPU time, because the time on the clock tells as much about other work on the machine.
    """
    from bitscape.reporting.style import LIGHT, blank, label, legend, png

    figure, (time_panel, memory_panel) = blank(2, LIGHT, beside=1.3)
    size = rows["photographs"]
    for number, name in enumerate(STEPS):
        word = name.replace("_", " ")
        time_panel.plot(size, rows[f"{name}_cpu"], marker="o", markersize=4, color=LIGHT.colour(number), label=word)
    time_panel.plot(size, rows["cpu_seconds"], marker="o", markersize=4, color=LIGHT.ink, label="all")
    for panel, name in ((time_panel, "cpu_seconds"), (memory_panel, "mib")):
        straight = rows[name].iloc[0] * size / size.iloc[0]
        panel.plot(size, straight, color=LIGHT.faint, linestyle=":", label="if linear")
        panel.set(xscale="log", yscale="log")
        panel.set_xticks(size, [f"{count / 1000:g}k" for count in size], minor=False)
        panel.minorticks_off()
    memory_panel.set_yticks(ticks := (500, 1000, 2000, 4000, 8000), [f"{mib:,}" for mib in ticks])
    memory_panel.plot(size, rows["mib"], marker="o", markersize=4, color=LIGHT.ink, label="peak")
    memory_panel.plot(size, rows["mib_simulated"], color=LIGHT.colour(2), label="of it the input")
    label(time_panel, LIGHT, "Processor time", "photographs", "seconds")
    label(memory_panel, LIGHT, "Memory", "photographs", "MiB")
    for panel in (time_panel, memory_panel):
        legend(panel, LIGHT, "beside")
    FIGURE.write_bytes(png(figure))


def main() -> None:
    """Measure every size, each in a process of its own, and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--one", type=int, help="measure this size here and print it")
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(measure(chosen.one)))
        return
    rows = []
    for size in chosen.sizes:
        command = [sys.executable, "-m", "benchmarks.mining", "--one", str(size)]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
        rows.append(json.loads(done.stdout.splitlines()[-1]))
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(rows).to_csv(RESULTS, index=False, lineterminator="\n")
    draw(pd.DataFrame(rows))


if __name__ == "__main__":
    main()
