"""Which photographs there are, in which split, with which labels; and which files were refused."""

import csv
import sys
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bitscape.collection.building import build
from bitscape.collection.inspection import inspect
from bitscape.collection.labels import check_images, read_labels
from bitscape.collection.listing import find
from bitscape.collection.splits import straddling
from bitscape.core.errors import BitscapeError
from bitscape.core.params import Params
from bitscape.core.stage import stage
from bitscape.core.storage import publish
from bitscape.core.table import IMAGES, LABELS, REFUSED, TABLE
from bitscape.retrieval.protocols import find_protocol


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
    table = build(
        facts,
        labels,
        settings.splits.model_dump(),
        params.seed,
        unseen_landmarks=settings.unseen == "landmarks",
        radius=settings.near_duplicates,
    )
    protocol = find_protocol(params.evaluate.protocol)
    if protocol.listed:  # what it lacks is told before any work
        _, shown = protocol.source(table["landmark"].to_pylist(), table["labels"].to_pylist())
        protocol.asking(shown, table["split"].to_pylist())
    _tell(table)
    with publish(root / TABLE) as partial:
        pq.write_table(table, partial)


def _tell(table: pa.Table) -> None:
    """Say how many photographs stay together, and where given splits tear near-duplicates apart."""
    images, units, splits = (table[name].to_pylist() for name in ("image", "unit", "split"))
    if len(set(units)) < len(images):
        print(
            f"prepare: {len(images)} photographs are {len(set(units))} units of duplicates, near-duplicates and groups "
            "that stay together.",
            file=sys.stderr,
        )
    if torn := straddling(units, splits):
        told = " and ".join(f"{images[index]} ({splits[index]})" for index in torn[0])
        more = f" and {len(torn) - 1} more such units" if len(torn) > 1 else ""
        print(
            f"prepare: labels.csv puts near-duplicates on different sides of a query, {told}{more}; it was followed.",
            file=sys.stderr,
        )


def _write_refused(path: Path, refused: Mapping[str, str]) -> None:
    with publish(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("image", "reason"))
        rows.writerows(sorted(refused.items()))


if __name__ == "__main__":
    stage(run)
