import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitscape.geometry.near_duplicates import burst_numbers, once_for_each_burst


def once(pairs: list[tuple[int, int, int]], groups: dict[int, int]) -> list[tuple[int, int]]:
    """Keep one positive of each burst, query by query, with the standard library."""
    kept = []
    for query in sorted({row[0] for row in pairs}):
        best: dict[object, tuple[int, int]] = {}
        for _, positive, merit in sorted(row for row in pairs if row[0] == query):
            burst = groups.get(positive, ("alone", positive))
            if burst not in best or merit > best[burst][1]:
                best[burst] = (positive, merit)
        own = best.pop(groups.get(query), None)
        kept += [(query, positive) for positive, _ in ([own] if own and not best else best.values())]
    return sorted(kept)


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 8), st.integers(0, 8)).filter(lambda pair: pair[0] != pair[1]), st.integers(1, 5)
    ),
    st.dictionaries(st.integers(0, 8), st.integers(0, 2)),
)
@settings(deadline=None, max_examples=80)
def test_bursts_count_once(merits: dict[tuple[int, int], int], groups: dict[int, int]) -> None:
    pairs = [(*pair, merit) for pair, merit in sorted(merits.items())]
    table = pd.DataFrame(pairs, columns=["query", "positive", "merit"]).astype("int64")  # without a row: object
    bursts = pd.DataFrame(sorted(groups.items()), columns=["image", "group"]).astype("int32")
    left = once_for_each_burst(table, burst_numbers(bursts, 9))
    assert list(left[["query", "positive"]].itertuples(index=False, name=None)) == once(pairs, groups)


def test_a_photograph_in_no_burst_is_alone() -> None:
    numbers = burst_numbers(pd.DataFrame({"image": [3, 1], "group": [0, 0]}), 5)
    assert numbers[3] == numbers[1]
    assert len(np.unique(numbers)) == 4
    assert len(np.unique(burst_numbers(pd.DataFrame({"image": [], "group": []}, dtype="int32"), 5))) == 5


@pytest.mark.parametrize("groups", [{}, {0: 0, 1: 0}])
def test_no_pair_stays_none(groups: dict[int, int]) -> None:
    nothing = pd.DataFrame({"query": [], "positive": [], "merit": []}, dtype="int64")
    bursts = pd.DataFrame(sorted(groups.items()), columns=["image", "group"]).astype("int32")
    assert once_for_each_burst(nothing, burst_numbers(bursts, 3)).empty
