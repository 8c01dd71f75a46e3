"""The collection as later stages read it: `collection.parquet`."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bitscape.core.storage import reading

if TYPE_CHECKING:
    import pandas as pd

SPLITS = ("train", "database", "query_val", "query_test")
TABLE = Path("artifacts/prepare/collection.parquet")
REFUSED = Path("artifacts/prepare/refused.csv")
IMAGES = Path("data/images")
LABELS = Path("data/labels.csv")


def read_collection(root: Path) -> "pd.DataFrame":
    """Read the collection, one row per photograph, sorted by `image`; the row number is a photograph's index.

    Args:
        root: the project's folder.

    Returns:
        The columns of `docs/data-formats.md`; `labels` holds lists.

    Raises:
        BitscapeError: if the stage `prepare` has not written it, or it is damaged.
    """
    import pandas as pd

    with reading(root / TABLE, "prepare"):
        collection = pd.read_parquet(root / TABLE)
        collection["labels"] = collection["labels"].map(list)
    return collection


def members(collection: "pd.DataFrame", split: str) -> NDArray[np.intp]:
    """List the photographs of a split.

    Args:
        collection: as `read_collection` gives it.
        split: one of `SPLITS`.

    Returns:
        (m,) indices, ascending.

    Raises:
        ValueError: if there is no such split.
    """
    if split not in SPLITS:
        raise ValueError(f"{split!r} is not one of {SPLITS}")
    return np.flatnonzero((collection["split"] == split).to_numpy(dtype=bool))


def database(collection: "pd.DataFrame") -> NDArray[np.intp]:
    """List the photographs that are searched: the splits `train` and `database`.

    Args:
        collection: as `read_collection` gives it.

    Returns:
        (m,) indices, ascending.
    """
    return np.flatnonzero(collection["split"].isin(("train", "database")).to_numpy(dtype=bool))
