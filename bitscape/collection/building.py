"""The table of the collection, from the facts of its photographs and their labels."""

from collections.abc import Mapping

import pyarrow as pa

from bitscape.collection.inspection import Facts
from bitscape.collection.labels import Label
from bitscape.collection.near_duplicates import near_duplicates
from bitscape.collection.splits import split
from bitscape.collection.units import units
from bitscape.collection.unseen import set_apart

SCHEMA = pa.schema(
    {
        "image": pa.string(),
        "width": pa.int32(),
        "height": pa.int32(),
        "sha256": pa.string(),
        "pixels": pa.string(),
        "phash": pa.string(),
        "unit": pa.int32(),
        "split": pa.string(),
        "labels": pa.list_(pa.string()),
        "landmark": pa.string(),
        "group": pa.string(),
    }
)


def build(
    facts: Mapping[str, Facts],
    labels: Mapping[str, Label],
    shares: Mapping[str, float],
    seed: int,
    unseen_landmarks: bool = False,
    radius: int | None = None,
) -> pa.Table:
    """Put the collection together.

    Args:
        facts: of each photograph.
        labels: of the photographs that have any; rows of others are left out.
        shares: of each split, adding up to 1.
        seed: of the splits.
        unseen_landmarks: whether nothing is learned of the landmarks that are asked for, see `unseen.set_apart`.
        radius: bits in which the hashes of near-duplicates may differ; None: only exact duplicates stay together.

    Returns:
        One row per photograph, sorted by `image`; the columns of `docs/data-formats.md`.

    Raises:
        BitscapeError: see `splits.split` and `unseen.set_apart`.
    """
    images = sorted(facts)
    known = [facts[image] for image in images]
    label = [labels.get(image, Label()) for image in images]
    # Equal bytes decode to equal pixels, so the pixels alone find every exact duplicate.
    strict = [fact.pixels for fact in known], [one.group for one in label]
    together = units(*strict, near_duplicates([fact.look for fact in known], radius).tolist())
    if unseen_landmarks:
        label = set_apart(images, units(*strict).tolist(), label, shares, seed, together.tolist())
    columns = {
        "image": images,
        "width": [fact.width for fact in known],
        "height": [fact.height for fact in known],
        "sha256": [fact.sha256 for fact in known],
        "pixels": [fact.pixels for fact in known],
        "phash": [fact.look.hash.hex() if fact.look else None for fact in known],
        "unit": together,
        "split": split(images, units(*strict).tolist(), label, shares, seed, together.tolist()),
        "labels": [one.labels for one in label],
        "landmark": [one.landmark for one in label],
        "group": [one.group for one in label],
    }
    return pa.table(columns, schema=SCHEMA)
