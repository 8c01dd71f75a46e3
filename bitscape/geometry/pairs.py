"""Positive pairs from the models; who belongs to which model, and so who is a negative of whom."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from bitscape.core.settings.supervision import MinePairs
from bitscape.geometry.covisibility import scale_change
from bitscape.geometry.near_duplicates import once_for_each_burst
from bitscape.geometry.strategies import admitted

COLUMNS = {
    "query": "int32",
    "positive": "int32",
    "rank": "int32",
    "shared_points": "int32",
    "overlap": "float32",
    "scale_change": "float32",
}


def positive_pairs(
    shared: sparse.csr_array,
    scale: sparse.csr_array,
    pool: sparse.csr_array,
    descriptors: NDArray[np.float32],
    rules: MinePairs,
    seed: int,
    bursts: NDArray[np.int64] | None = None,
) -> pd.DataFrame:
    """List the positives of each query, best first.

    The relation is not symmetric: a detail overlaps wholly with the view of the building, not the other way round.

    Args:
        shared: (n, n) int32, see `covisibility`.
        scale: (n, points), see `apparent_scale`.
        pool: (n, n), see `camera_pool`.
        descriptors: (n, D) float32, rows of unit length.
        rules: strategy (see `admitted`), thresholds, and how many of each query: of m1 and m2 the best, of m3, whose
            authors draw one, so many at random.
        seed: of these draws.
        bursts: (n,) see `burst_numbers`; with `bursts: once` the positives of one burst count once.

    Returns:
        Columns `query`, `positive`, `rank` int32 (1 is the best: by likeness of descriptors for m1, by shared points
        else; of equals the earlier photograph), `shared_points` int32, `overlap` (shared / points of the query) and
        `scale_change` float32 (missing where no point is shared); sorted by query, then rank.
    """
    query, positive, merit = admitted(shared, pool, descriptors, rules)
    # Without any place scipy gives a sparse array.
    count = np.asarray(shared[query, positive]) if len(query) else np.empty(0, np.int32)
    table = pd.DataFrame(
        {
            "query": query,
            "positive": positive,
            "merit": merit,
            "shared_points": count,
            "overlap": count / np.maximum(shared.diagonal()[query], 1),
            "scale_change": _scale_changes(scale, query, positive, count > 0),
        }
    )
    if rules.strategy == "m3":
        table = table[table["scale_change"] <= rules.max_scale_change]
    if bursts is not None and rules.bursts == "once":
        table = once_for_each_burst(table, bursts)
    if rules.strategy == "m3" and rules.positives:
        draw = np.random.default_rng(seed).random(len(table))
        table = table[_rank(table["query"].to_numpy(), draw) <= rules.positives]
    table = table.assign(rank=_rank(table["query"].to_numpy(), -table["merit"].to_numpy()))
    if rules.positives:
        table = table[table["rank"] <= rules.positives]
    return table[list(COLUMNS)].astype(COLUMNS).sort_values(["query", "rank"], ignore_index=True)


def _scale_changes(
    scale: sparse.csr_array, query: NDArray[np.int64], other: NDArray[np.int64], known: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Measure the scale change of pairs, of each two photographs once; NaN where it is not known."""
    names = np.minimum(query, other) * scale.shape[0] + np.maximum(query, other)
    unique, places = np.unique(names[known], return_inverse=True)
    changes = np.full(len(query), np.nan, np.float32)
    changes[known] = scale_change(scale, unique // scale.shape[0], unique % scale.shape[0])[places]
    return changes


def _rank(query: NDArray[np.int64], key: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number the rows of each query by ascending key, from 1; equal keys in the order of the rows.

    Args:
        query: (m,) ascending.
        key: (m,).
    """
    order = np.lexsort((key, query))
    starts = np.searchsorted(query, query)  # `query` is in order, so sorting within queries leaves their places
    ranks = np.empty(len(query), np.int64)
    ranks[order] = np.arange(len(query)) - starts + 1
    return ranks


def membership(
    observations: pd.DataFrame,
    photographs: NDArray[np.int64],
    rules: MinePairs,
    seed: int,
    bursts: NDArray[np.int64] | None = None,
) -> pd.DataFrame:
    """Tell each photograph's model; photographs of different models are negatives of each other.

    Args:
        observations: columns `model`, `image`, `point`; each photograph in one model.
        photographs: indices, ascending.
        rules: `distractors`, `negative_pool` and `bursts`.
        seed: of drawing the pool.
        bursts: see `burst_numbers`, of more than the `photographs`.

    Returns:
        Columns `image`, `model` (-1: in none) and `points` int32, `distractor` bool (in no model, but kept as a
        negative), `pool` bool (hard negatives are looked for among these) and `burst` int32 (photographs of one number
        count once, -1: in no burst; with `bursts: all` none is), in the order of `photographs`.
    """
    seen = observations.groupby("image").agg(model=("model", "first"), points=("point", "size")).reindex(photographs)
    model = seen["model"].fillna(-1).to_numpy(np.int32)
    distractor = (model < 0) & (rules.distractors == "keep")
    candidates = np.flatnonzero((model >= 0) | distractor)
    burst = np.full(len(photographs), -1)
    if bursts is not None and rules.bursts == "once":
        burst = np.maximum(bursts[photographs], -1)
    pool = np.zeros(len(photographs), bool)
    pool[np.random.default_rng(seed).permutation(candidates)[: rules.negative_pool]] = True
    return pd.DataFrame(
        {
            "image": np.asarray(photographs, np.int32),
            "model": model,
            "points": seen["points"].fillna(0).to_numpy(np.int32),
            "distractor": distractor,
            "pool": pool,
            "burst": burst.astype(np.int32),
        }
    )
