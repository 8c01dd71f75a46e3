"""Which photographs there are, in which split, with which labels; and which files were refused."""

import csv
from collections.abc import Mapping
from pathlib import Path

import pyarrow.parquet as pq

from bitscape.collection.building import build
from bitscape.collection.inspection import inspect
from bitscape.collection.labels import check_images, read_labels
from bitscape.collection.listing import find
from bitscape.core.errors import BitscapeError
from bitscape.core.params import Params
from bitscape.core.stage import stage
from bitscape.core.storage import publish
from bitscape.core.table import IMAGES, LABELS, REFUSED, TABLE


def run(params: Params, root: Path) -> None:
    """Write `collection.parquet` and `refused.csv`."""
    listing = find(root / IMAGES)
    if not listing.images:
        raise BitscapeError(
            f"{IMAGES} holds no photographs; `bitscape import PHOTOS` makes a folder of yours the collection, "
            "`dvc pull` fetches the one that data.dvc names."
        )
    settings = params.prepare
    facts, refused = inspect(root / IMAGES, listing.images, settings.min_side, settings.max_pixels)
    refused |= listing.refused
    _write_refused(root / REFUSED, refused)
    if len(facts) < settings.min_images:
        raise BitscapeError(
            f"{len(facts)} of {len(facts) + len(refused)} pictures in {IMAGES} can be used and prepare.min_images asks "
            f"for {settings.min_images}; add photographs ({REFUSED} tells what was refused)."
        )
    labels = read_labels(root / LABELS) if (root / LABELS).exists() else {}
    check_images(LABELS, labels, [*facts, *refused])
    table = build(facts, labels, settings.splits.model_dump(), params.seed, settings.unseen == "landmarks")
    with publish(root / TABLE) as partial:
        pq.write_table(table, partial)


def _write_refused(path: Path, refused: Mapping[str, str]) -> None:
    with publish(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("image", "reason"))
        rows.writerows(sorted(refused.items()))


if __name__ == "__main__":
    stage(run)
