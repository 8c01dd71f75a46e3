"""Each paper's contribution, taken away: `python -m benchmarks.ablations --data DATA`, then `benchmarks.tables`.

Results are added beside those of `benchmarks.methods`, on the collection that suits the claim, at one code length.
What is called `from pixels` is the published network; it was measured on a GPU, and takes hours without one.
"""

import argparse
from typing import Any, NamedTuple

from benchmarks.methods import add_options
from benchmarks.results import measure_missing
from benchmarks.sets import COLLECTIONS, prepare, run
from bitscape.core.progress import progress

ABLATION_BITS = 32
PIXELS = {"network": "paper", "epochs": 50}
"""ATH's own network and the epochs of its authors' code."""


class Ablation(NamedTuple):
    """One method on one collection: the variants, each as changes of its section of `params.yaml`."""

    method: str
    collection: str
    variants: dict[str, dict[str, Any]]


ABLATIONS = (
    Ablation(
        "bcdh",
        "photos",
        {
            "published rule, reading A": {"supervision": "geometry"},
            "published rule, reading B": {"supervision": "geometry", "reading": "B"},
            "published rule, reading C": {"supervision": "geometry", "reading": "C"},
            "no quantisation": {"graded_quantisation": 0.0},
            "start alone": {"graded_epochs": 1, "learning_rate": 1e-9},
        },
    ),
    Ablation(
        "ath",
        "chest-xray",
        {
            "no attention": {"attention": False},
            "no max pooling": {"max_pool": False},
            "no cross-entropy": {"classification": "none"},
            "no triplets": {"loss": "none"},
            "from pixels": PIXELS,
            "from pixels, no attention": {**PIXELS, "attention": False},
            "from pixels, no max pooling": {**PIXELS, "max_pool": False},
            "from pixels, no cross-entropy": {**PIXELS, "classification": "none"},
            "from pixels, no triplets": {**PIXELS, "loss": "none"},
        },
    ),
    Ablation(
        "dsah",
        "cifar10-6000",
        {
            "neither PIC nor AND": {"pic": "off", "adapt": False},
            "PIC alone": {"adapt": False},
            "AND alone": {"pic": "off"},
            "PIC reversed": {"pic": "reversed"},
            "no quantisation": {"beta": 0.0},
        },
    ),
    Ablation(
        "rvssdh",
        "cifar10-6000",
        {
            "SSDH": {"variant": "ssdh"},
            "NetVLAD": {"variant": "netvlad"},
            "R2, random start, trained": {"anchors_trainable": True, "assign_trainable": True},
            "no VLAD": {"vlad": False},
            "no transform layer": {"transform": False},
            "no quantisation": {"beta": 0.0},
        },
    ),
    Ablation(
        "dsrh",
        "coco-multilabel",
        {
            "unweighted": {"weighted": False},
            "FCa alone": {"bypass": "fca"},
            "FCb alone": {"bypass": "fcb"},
            "no balance": {"alpha": 0.0},
        },
    ),
    Ablation(
        "exchnet",
        "birds",
        {
            "whole alone (ADSH)": {"parts": 0},
            "parts without constraints": {"spatial": 0.0, "channel": 0.0, "exchange": False},
            "parts, spatial": {"channel": 0.0, "exchange": False},
            "parts, spatial, channel": {"exchange": False},
        },
    ),
)


def main() -> None:
    """Measure what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_options(parser)
    asked = parser.parse_args()
    sets = {one.name: one for one in COLLECTIONS}
    chosen = [one for one in ABLATIONS if one.collection in asked.sets and one.method in asked.methods]
    with progress("ablate", sum(len(one.variants) for one in chosen)) as advance:
        for ablation in chosen:
            collection = sets[ablation.collection]
            folder = asked.projects.resolve() / collection.name
            prepare(collection, asked.data.resolve(), folder, run)
            for name, changes in ablation.variants.items():
                measure_missing(collection, folder, ablation.method, name, [ABLATION_BITS], asked.seeds, changes)
                advance(note=f"{ablation.method} {name}")


if __name__ == "__main__":
    main()
