"""Bursts among the positives: the same picture again teaches nothing."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def burst_numbers(bursts: pd.DataFrame, photographs: int) -> NDArray[np.int64]:
    """Number the burst of each photograph.

    Args:
        bursts: columns `image` and `group`, the photographs that are in one.
        photographs: how many there are in all.

    Returns:
        (photographs,) the group of each; one that is in none has a number of its own, below 0.
    """
    numbers = -1 - np.arange(photographs)
    numbers[bursts["image"]] = bursts["group"]
    return numbers


def once_for_each_burst(pairs: pd.DataFrame, numbers: NDArray[np.int64]) -> pd.DataFrame:
    """Let the positives of one burst count once for a query, and those of its own burst only if it has no others.

    Args:
        pairs: columns `query`, `positive` and `merit` (more is better), sorted by query, then positive.
        numbers: (n,) see `burst_numbers`.

    Returns:
        The rows that remain, in their order: of each burst the one of most merit, of equals the earlier photograph.
    """
    query, positive = pairs["query"].to_numpy(), pairs["positive"].to_numpy()
    burst = numbers[positive]
    own = burst == numbers[query]
    ranked = pairs.assign(burst=burst).iloc[np.argsort(-pairs["merit"].to_numpy(), kind="stable")]
    best = ranked.drop_duplicates(["query", "burst"]).index
    others = np.isin(query, query[~own])
    return pairs[pairs.index.isin(best) & ~(own & others)]
