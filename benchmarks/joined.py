"""When a model is called suspicious: `python -m benchmarks.joined` (a minute).

Run it after `make run`, and after `python -m benchmarks.candidates`, whose matches it reads. Of view graphs, all from
verified pairs, there are two kinds:

* right ones: each model of the sample and each of nine real places, and what is left of them when a half or two thirds
  of the photographs are taken away at random, where that hangs together. None should be called suspicious.
* wrong ones: two models of different landmarks of the sample, joined by some pairs at random, each with as many inliers
  as one of the pairs across landmarks that COLMAP verified there. All should be called suspicious.

Writes `benchmarks/results/joined.csv`: the share that is called suspicious, for limits on the number of pairs (`FEW`)
and on their strength (`WEAK`).
"""

import argparse
import json
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.candidates import FOLDER
from benchmarks.sets import ROOT
from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry import weak_links as module
from bitscape.geometry.view_graph import ViewGraph, read_view_graph

RESULTS = ROOT / "benchmarks/results/joined.csv"
PARTS = 20  # of each model and size
JOINS = 2  # of each two models, for each number of pairs
PAIRS = (1, 2, 3, 4, 6, 8, 10)
LIMITS = [*product((3, 4, 6, 8), (0.3, 0.5, 0.7))]


def part(graph: ViewGraph, members: np.ndarray) -> ViewGraph:
    """Give the graph among some photographs, numbered anew."""
    number = np.full(graph.count, -1)
    number[members] = np.arange(len(members))
    inside = (number[graph.pairs] >= 0).all(axis=1)
    return ViewGraph(len(members), number[graph.pairs[inside]], graph.inliers[inside])


def join(one: ViewGraph, other: ViewGraph, inliers: np.ndarray, rng: np.random.Generator) -> ViewGraph:
    """Join two graphs by as many pairs as there are numbers of inliers, of photographs drawn at random."""
    drawn = rng.choice(one.count * other.count, len(inliers), replace=False)
    across = np.stack([drawn // other.count, one.count + drawn % other.count], axis=1)
    pairs = np.concatenate([one.pairs, other.pairs + one.count, across])
    return ViewGraph(one.count + other.count, pairs, np.concatenate([one.inliers, other.inliers, inliers]))


def parts(models: list[ViewGraph], share: int, rng: np.random.Generator) -> list[ViewGraph]:
    """Keep one photograph of so many of each model, some times; those that fall apart are left out."""
    kept = [
        part(model, np.sort(rng.choice(model.count, max(6, -(-model.count // share)), replace=False)))
        for model in models
        for _ in range(PARTS)
    ]
    return [graph for graph in kept if len(graph.components()) == 1]


def graphs(project: Path) -> dict[str, list[ViewGraph]]:
    """Build the graphs of each kind."""
    rng, read = np.random.default_rng(0), project / "artifacts/reconstruct"
    graph, place = matched(read / "features.db", project)
    across = graph.inliers[place[graph.pairs[:, 0]] != place[graph.pairs[:, 1]]]
    models = json.loads((read / "registrations.json").read_text())["models"]
    landmarks = [part(graph, np.array(model["images"])) for model in models]
    print(f"{len(models)} models; {len(across)} pairs across landmarks, of {sorted(across.tolist())} inliers")
    graph, place = matched(FOLDER / "exhaustive.db", FOLDER)
    places = [part(graph, np.flatnonzero(place == name)) for name in np.unique(place)]
    found = {}
    for name, right in (("landmarks", landmarks), ("places", places)):
        found |= {name: right, f"half of {name}": parts(right, 2, rng), f"third of {name}": parts(right, 3, rng)}
    for number in PAIRS:
        found[f"joined by {number}"] = [
            join(one, other, rng.choice(across, number), rng)
            for one, other in combinations(landmarks, 2)
            for _ in range(JOINS)
        ]
    return found


def matched(database: Path, project: Path) -> tuple[ViewGraph, np.ndarray]:
    """Read the verified pairs of a collection, and the first folder of each of its photographs."""
    names = pd.read_parquet(project / "artifacts/prepare/collection.parquet")["image"]
    return read_view_graph(database, np.arange(len(names))), names.str.split("/").str[0].to_numpy()


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", type=Path, default=ROOT, help="a reproduced project with the sample")
    found = graphs(parser.parse_args().project)
    smallest, rows = Reconstruct().min_model_size, []
    for few, weak in LIMITS:
        module.FEW, module.WEAK = few, weak
        told = {
            kind: np.mean([bool(module.weak_links(graph, np.arange(graph.count), smallest)) for graph in some])
            for kind, some in found.items()
        }
        rows.append({"few": few, "weak": weak} | {kind: round(float(share), 3) for kind, share in told.items()})
    table = pd.DataFrame(rows)
    table.to_csv(RESULTS, index=False, lineterminator="\n")
    print({kind: len(some) for kind, some in found.items()})
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
