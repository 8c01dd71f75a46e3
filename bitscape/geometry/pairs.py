"""Positive pairs by shared points, overlap and scale change; negatives by model."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from bitscape.core.params import MinePairs
from bitscape.geometry.covisibility import scale_change

COLUMNS = {
    "query": "int32",
    "positive": "int32",
    "shared_points": "int32",
    "overlap": "float32",
    "scale_change": "float32",
}


def positive_pairs(shared: sparse.csr_array, scale: sparse.csr_array, rules: MinePairs) -> pd.DataFrame:
    """List the pairs of photographs that show the same surface in a similar size.

    The rule is the relaxed inliers of Radenovic et al. (ECCV 2016), as far as it is known: enough common points
    relative to what the query sees, and a bounded scale change. It is not symmetric: a detail overlaps wholly with the
    view of the building, not the other way round.

    Args:
        shared: (n, n) int32, see `covisibility`.
        scale: (n, points), see `apparent_scale`.
        rules: thresholds, each of them inclusive.

    Returns:
        Columns `query`, `positive`, `shared_points` int32, `overlap` (shared / points of the query) and `scale_change`
        float32; sorted by query, then shared points descending, then positive.
    """
    counted = shared.tocoo()
    query, positive = (axis.astype(np.int32) for axis in counted.coords)
    overlap = counted.data / shared.diagonal()[query]
    enough = (query != positive) & (counted.data >= rules.min_shared_points) & (overlap >= rules.min_overlap)
    query, positive, count, overlap = (column[enough] for column in (query, positive, counted.data, overlap))
    change = scale_change(scale, query, positive)
    table = pd.DataFrame(
        {"query": query, "positive": positive, "shared_points": count, "overlap": overlap, "scale_change": change}
    )
    table = table[table["scale_change"] <= rules.max_scale_change].astype(COLUMNS)
    return table.sort_values(["query", "shared_points", "positive"], ascending=[True, False, True], ignore_index=True)


def membership(observations: pd.DataFrame, photographs: NDArray[np.int64]) -> pd.DataFrame:
    """Tell each photograph's model; photographs of different models are negatives of each other.

    Args:
        observations: columns `model`, `image`, `point`; each photograph in one model.
        photographs: indices, ascending.

    Returns:
        Columns `image`, `model` (-1: in none) and `points` int32, in the order of `photographs`.
    """
    seen = observations.groupby("image").agg(model=("model", "first"), points=("point", "size"))
    seen = seen.reindex(photographs)
    table = pd.DataFrame(
        {
            "image": photographs,
            "model": seen["model"].fillna(-1).to_numpy(),
            "points": seen["points"].fillna(0).to_numpy(),
        }
    )
    return table.astype("int32")
