"""What `mine_pairs` found, counted by model, and examples of it."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from bitscape.core.storage import reading

FOLDER = Path("artifacts/mine_pairs")


class Mined(NamedTuple):
    """The tables of `artifacts/mine_pairs`, see `docs/data-formats.md`."""

    images: pd.DataFrame
    positives: pd.DataFrame
    negatives: pd.DataFrame


class Partner(NamedTuple):
    """A photograph beside a query: its index, and what speaks for the pair."""

    image: int
    told: str


class Example(NamedTuple):
    """A query with the best of its positives and its hardest negatives, and how many of each there are."""

    query: int
    positives: list[Partner]
    negatives: list[Partner]
    counts: tuple[int, int]


def read_mined(root: Path) -> Mined:
    """Read the tables.

    Args:
        root: the project's folder.

    Raises:
        BitscapeError: the stage has not written them, or one is damaged.
    """
    tables = []
    for name in Mined._fields:
        path = root / FOLDER / f"{name}.parquet"
        with reading(path, "mine_pairs"):
            tables.append(pd.read_parquet(path))
    return Mined(*tables)


def count_by_model(mined: Mined) -> pd.DataFrame:
    """Count what each model gives.

    Args:
        mined: the tables.

    Returns:
        One row per model, ascending, indexed by it: `photographs`, `queries` (those with a positive), `positives`
        (pairs), `shared_points` (median of the pairs, NaN without any) and `negatives` (pairs).
    """
    model = mined.images.set_index("image")["model"]
    model = model[model >= 0]
    pairs = mined.positives.groupby(model.reindex(mined.positives["query"]).to_numpy())
    others = mined.negatives.groupby(model.reindex(mined.negatives["query"]).to_numpy()).size()
    table = pd.DataFrame(
        {
            "photographs": model.value_counts(),
            "queries": pairs["query"].nunique(),
            "positives": pairs.size(),
            "shared_points": pairs["shared_points"].median(),
            "negatives": others,
        }
    ).sort_index()
    whole = ["photographs", "queries", "positives", "negatives"]
    table[whole] = table[whole].fillna(0).astype(int)
    return table


def choose_examples(mined: Mined, count: int, seed: int) -> list[int]:
    """Draw queries that have positives, of as many models as there are.

    Args:
        mined: the tables.
        count: how many, where there are so many.
        seed: of the draw.

    Returns:
        Indices of photographs, by model.
    """
    queries = pd.DataFrame({"image": np.unique(mined.positives["query"])}).merge(mined.images, on="image")
    drawn = queries.sample(frac=1, random_state=seed)
    drawn = drawn.assign(turn=drawn.groupby("model").cumcount()).sort_values("turn", kind="stable")
    chosen = drawn.head(count).sort_values(["model", "image"])
    return [int(image) for image in chosen["image"]]


def example(mined: Mined, query: int, most: int) -> Example:
    """Collect the best positives and the hardest negatives of a query.

    Args:
        mined: the tables.
        query: index of a training photograph.
        most: of each kind.
    """
    own = mined.positives[mined.positives["query"] == query]
    others = mined.negatives[mined.negatives["query"] == query]
    positives = []
    for row in own.head(most).itertuples():
        change = "" if np.isnan(row.scale_change) else f", x{row.scale_change:.1f}"
        positives.append(Partner(int(row.positive), f"{row.shared_points} points, {row.overlap:.0%}{change}"))
    negatives = [Partner(int(row.negative), f"cosine {row.similarity:.2f}") for row in others.head(most).itertuples()]
    return Example(query, positives, negatives, (len(own), len(others)))
