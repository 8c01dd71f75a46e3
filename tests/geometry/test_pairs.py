from collections import defaultdict
from statistics import median

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from bitscape.core.params import MinePairs
from bitscape.geometry import covisibility as module
from bitscape.geometry.covisibility import apparent_scale, covisibility, incidence, scale_change
from bitscape.geometry.pairs import membership, positive_pairs

COUNT = 14  # photographs; each is in the model of its index modulo 3, some are in none
LOOSE = MinePairs(min_shared_points=2, min_overlap=0.25, max_scale_change=1.5)


@st.composite
def observations(draw: st.DrawFn) -> pd.DataFrame:
    """Draw who sees what: every photograph in one model, photograph 13 in none."""
    seen = draw(st.sets(st.tuples(st.integers(0, COUNT - 2), st.integers(0, 11)), max_size=110))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = [(image % 3, image, 1000 * point, *generator.uniform(1, 3, 2)) for image, point in sorted(seen)]
    table = pd.DataFrame(rows, columns=["model", "image", "point", "depth", "focal"])
    return table.astype({"model": "int32", "image": "int32", "point": "int64"})


def brute_force(table: pd.DataFrame, rules: MinePairs) -> list[tuple[int, int, int, float, float]]:
    """Apply the rules pair by pair, with sets and the standard library."""
    scale: dict[int, dict[tuple[int, int], float]] = defaultdict(dict)
    for row in table.itertuples():
        scale[row.image][row.model, row.point] = row.depth / row.focal
    found = []
    for query in scale:
        for other in scale:
            shared = scale[query].keys() & scale[other].keys()
            if query == other or len(shared) < rules.min_shared_points:
                continue
            overlap = len(shared) / len(scale[query])
            change = float(np.exp(abs(median(np.log(scale[query][key] / scale[other][key]) for key in shared))))
            if overlap >= rules.min_overlap and change <= rules.max_scale_change:
                found.append((query, other, len(shared), overlap, change))
    return sorted(found, key=lambda row: (row[0], -row[2], row[1]))


def mine(table: pd.DataFrame, rules: MinePairs = LOOSE) -> pd.DataFrame:
    return positive_pairs(covisibility(incidence(table, COUNT)), apparent_scale(table, COUNT), rules)


@given(observations())
@settings(deadline=None, max_examples=30)
def test_positives_equal_brute_force(table: pd.DataFrame) -> None:
    found, expected = mine(table), brute_force(table, LOOSE)
    assert found[["query", "positive", "shared_points"]].to_numpy().tolist() == [list(row[:3]) for row in expected]
    assert np.allclose(found[["overlap", "scale_change"]], np.array([row[3:] for row in expected]).reshape(-1, 2))
    assert found.dtypes.astype(str).tolist() == ["int32", "int32", "int32", "float32", "float32"]


@given(observations(), st.permutations(range(COUNT)))
@settings(deadline=None, max_examples=20)
def test_another_numbering_only_renames(table: pd.DataFrame, names: list[int]) -> None:
    renamed = table.assign(image=np.array(names, np.int32)[table["image"]])
    renamed = renamed.sort_values(["model", "image", "point"], ignore_index=True)
    before, after = mine(table), mine(renamed)
    before = before.assign(query=np.array(names)[before["query"]], positive=np.array(names)[before["positive"]])
    columns = ["query", "positive", "shared_points", "overlap", "scale_change"]
    order = ["query", "positive"]
    assert np.array_equal(before.sort_values(order)[columns], after.sort_values(order)[columns])
    shared, moved = (covisibility(incidence(some, COUNT)).toarray() for some in (table, renamed))
    assert np.array_equal(shared, moved[np.ix_(names, names)])


@given(observations())
@settings(deadline=None, max_examples=30)
def test_covisibility_counts_common_points(table: pd.DataFrame) -> None:
    shared = covisibility(incidence(table, COUNT))
    points = [set(zip(some["model"], some["point"], strict=True)) for some in _by_image(table)]
    assert shared.toarray().tolist() == [[len(one & other) for other in points] for one in points]
    assert shared.dtype == np.int32
    assert shared.has_sorted_indices
    assert (shared.data > 0).all()


def _by_image(table: pd.DataFrame) -> list[pd.DataFrame]:
    return [table[table["image"] == image] for image in range(COUNT)]


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    scale = sparse.csr_array(np.random.default_rng(0).uniform(1, 2, (20, 30)))
    first, second = np.triu_indices(20, 1)
    whole = scale_change(scale, first, second)
    monkeypatch.setattr(module, "OBSERVATIONS_AT_ONCE", 100)
    assert np.array_equal(scale_change(scale, first, second), whole)
    assert np.array_equal(scale_change(scale, second, first), whole)


def test_a_photograph_from_twice_as_far_changes_scale_by_two() -> None:
    rows = [(0, image, point, depth, 500.0) for image, depth in ((0, 4.0), (1, 8.0), (2, 5.0)) for point in range(20)]
    table = pd.DataFrame(rows, columns=["model", "image", "point", "depth", "focal"])
    found = mine(table, MinePairs())
    assert found[["query", "positive"]].to_numpy().tolist() == [[0, 2], [2, 0]]  # 8 / 4 and 8 / 5 are beyond 1.5
    assert found["scale_change"].tolist() == pytest.approx([1.25, 1.25])
    zoomed = table.assign(focal=np.where(table["image"] == 1, 1000.0, 500.0))
    assert (0, 1) in set(mine(zoomed, MinePairs())[["query", "positive"]].itertuples(index=False, name=None))


def test_a_detail_overlaps_with_the_view_but_not_the_view_with_the_detail() -> None:
    rows = [(0, 0, point, 1.0, 1.0) for point in range(100)] + [(0, 1, point, 1.0, 1.0) for point in range(19)]
    table = pd.DataFrame(rows, columns=["model", "image", "point", "depth", "focal"])
    assert mine(table, MinePairs())[["query", "positive"]].to_numpy().tolist() == [[1, 0]]


def test_membership_lists_photographs_in_no_model() -> None:
    table = pd.DataFrame({"model": [0, 0, 2], "image": [4, 4, 1], "point": [5, 6, 5]})
    listed = membership(table, np.array([1, 2, 4]))
    assert listed.to_numpy().tolist() == [[1, 2, 1], [2, -1, 0], [4, 0, 2]]
    assert listed.dtypes.astype(str).tolist() == ["int32"] * 3
