from collections import defaultdict
from statistics import median

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from bitscape.core.settings.supervision import MinePairs
from bitscape.geometry import covisibility as module
from bitscape.geometry.covisibility import apparent_scale, covisibility, incidence, ones, scale_change
from bitscape.geometry.levels import relevance_levels
from bitscape.geometry.near_duplicates import burst_numbers
from bitscape.geometry.pairs import COLUMNS, membership, positive_pairs
from bitscape.geometry.strategies import camera_pool

COUNT = 14  # photographs; each is in the model of its index modulo 3, some are in none
LOOSE = MinePairs(min_shared_points=2, min_overlap=0.25, max_scale_change=1.5, camera_pool=3)
STRATEGIES = ("m1", "m2", "m3")


@st.composite
def observations(draw: st.DrawFn) -> pd.DataFrame:
    """Draw who sees what: every photograph in one model, photograph 13 in none."""
    seen = draw(st.sets(st.tuples(st.integers(0, COUNT - 2), st.integers(0, 11)), max_size=110))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = [(image % 3, image, 1000 * point, *generator.uniform(1, 3, 2)) for image, point in sorted(seen)]
    table = pd.DataFrame(rows, columns=["model", "image", "point", "depth", "focal"])
    return table.astype({"model": "int32", "image": "int32", "point": "int64"})


def surroundings(seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Draw cameras of all photographs but the last, and descriptors of all."""
    generator = np.random.default_rng(seed)
    cameras = pd.DataFrame(generator.normal(size=(COUNT - 1, 3)), columns=["x", "y", "z"])
    cameras.insert(0, "image", np.arange(COUNT - 1))
    cameras.insert(0, "model", cameras["image"] % 3)
    descriptors = generator.normal(size=(COUNT, 8)).astype(np.float32)
    return cameras, descriptors / np.linalg.norm(descriptors, axis=1, keepdims=True)


def brute_force(
    table: pd.DataFrame, cameras: pd.DataFrame, descriptors: np.ndarray, rules: MinePairs
) -> list[tuple[int, int, int, int, float, float]]:
    """Apply the rules query by query, with sets and the standard library."""
    scale: dict[int, dict[tuple[int, int], float]] = defaultdict(dict)
    for row in table.itertuples():
        scale[row.image][row.model, row.point] = row.depth / row.focal
    place = {row.image: (row.model, np.array([row.x, row.y, row.z])) for row in cameras.itertuples()}
    found = []
    for query, (model, centre) in place.items():
        family = [image for image, (of, _) in place.items() if of == model and image != query]
        family.sort(key=lambda image: np.linalg.norm(place[image][1] - centre))
        candidates = []
        for other in family[: rules.camera_pool or None]:
            shared = scale[query].keys() & scale[other].keys()
            overlap = len(shared) / max(len(scale[query]), 1)
            change = float(
                np.exp(abs(median(np.log(scale[query][key] / scale[other][key]) for key in shared)))
                if shared
                else np.nan
            )
            likeness = float(descriptors[query].astype(float) @ descriptors[other].astype(float))
            enough = len(shared) >= rules.min_shared_points and overlap >= rules.min_overlap
            admitted = {"m1": True, "m2": bool(shared), "m3": enough and change <= rules.max_scale_change}
            if admitted[rules.strategy]:
                merit = likeness if rules.strategy == "m1" else len(shared)
                candidates.append((-merit, other, len(shared), overlap, change))
        kept = sorted(candidates)[: rules.positives or None]
        found += [(query, row[1], rank, *row[2:]) for rank, row in enumerate(kept, 1)]
    return sorted(found)


def mine(
    table: pd.DataFrame, rules: MinePairs = LOOSE, around: tuple[pd.DataFrame, np.ndarray] | None = None
) -> pd.DataFrame:
    cameras, descriptors = around or surroundings(0)
    scale = apparent_scale(table, COUNT)
    pool = camera_pool(cameras, COUNT, rules.camera_pool)
    return positive_pairs(covisibility(ones(scale)), scale, pool, descriptors, rules, seed=0)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize(("pool", "positives"), [(3, 0), (0, 0), (2, 1), (0, 2)])
@given(table=observations(), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=10)
def test_positives_equal_brute_force(strategy: str, pool: int, positives: int, table: pd.DataFrame, seed: int) -> None:
    rules = LOOSE.model_copy(update={"strategy": strategy, "camera_pool": pool, "positives": positives})
    found = mine(table, rules, surroundings(seed))
    if strategy == "m3":  # what it draws at random is looked at below
        rules = rules.model_copy(update={"positives": 0})
        found = mine(table, rules, surroundings(seed))
    expected = brute_force(table, *surroundings(seed), rules)
    assert sorted(found[["query", "positive", "rank", "shared_points"]].to_numpy().tolist()) == [
        list(row[:4]) for row in expected
    ]
    by_pair = found.sort_values(["query", "positive"])[["overlap", "scale_change"]]
    assert np.allclose(by_pair, np.array([row[4:] for row in expected]).reshape(-1, 2), equal_nan=True)
    assert found.dtypes.astype(str).to_dict() == COLUMNS
    assert found.sort_values(["query", "rank"], ignore_index=True).equals(found)


@given(observations(), st.integers(1, 3))
@settings(deadline=None, max_examples=20)
def test_m3_draws_some_of_all_its_candidates(table: pd.DataFrame, positives: int) -> None:
    every, some = mine(table), mine(table, LOOSE.model_copy(update={"positives": positives}))
    assert some.equals(mine(table, LOOSE.model_copy(update={"positives": positives})))
    assert set(pairs_of(some)) <= set(pairs_of(every))
    wanted = every.groupby("query").size().clip(upper=positives)
    assert some.groupby("query").size().equals(wanted)
    for _, own in some.groupby("query"):
        assert own["rank"].tolist() == list(range(1, len(own) + 1))
        assert own["shared_points"].is_monotonic_decreasing


def pairs_of(found: pd.DataFrame) -> list[tuple[int, int]]:
    return list(found[["query", "positive"]].itertuples(index=False, name=None))


def test_m3_draws_every_candidate_some_time() -> None:
    rows = [(0, image, point, 1.0, 1.0) for image in range(5) for point in range(20)]
    table = pd.DataFrame(rows, columns=["model", "image", "point", "depth", "focal"])
    cameras, descriptors = surroundings(0)
    scale = apparent_scale(table, COUNT)
    pool = camera_pool(cameras.assign(model=0), COUNT, 0)
    rules = MinePairs(positives=1)
    drawn = [
        positive_pairs(covisibility(ones(scale)), scale, pool, descriptors, rules, seed)["positive"].tolist()
        for seed in range(40)
    ]
    assert [sorted({row[query] for row in drawn}) for query in range(5)] == [
        [other for other in range(5) if other != query] for query in range(5)
    ]


@pytest.mark.parametrize("strategy", STRATEGIES)
@given(table=observations(), names=st.permutations(range(COUNT)))
@settings(deadline=None, max_examples=15)
def test_another_numbering_only_renames(strategy: str, table: pd.DataFrame, names: list[int]) -> None:
    numbers = np.array(names, np.int32)
    renamed = table.assign(image=numbers[table["image"]])
    renamed = renamed.sort_values(["model", "image", "point"], ignore_index=True)
    cameras, descriptors = surroundings(1)
    moved = cameras.assign(image=numbers[cameras["image"]]).sort_values(["model", "image"], ignore_index=True)
    swapped = np.empty_like(descriptors)
    swapped[numbers] = descriptors
    rules = LOOSE.model_copy(update={"strategy": strategy})
    before, after = mine(table, rules, (cameras, descriptors)), mine(renamed, rules, (moved, swapped))
    before = before.assign(query=numbers[before["query"]], positive=numbers[before["positive"]])
    columns = ["query", "positive", "shared_points", "overlap", "scale_change"]
    order = ["query", "positive"]
    # Only photographs that share equally many points may change places, so ranks are left out.
    assert before.sort_values(order, ignore_index=True)[columns].equals(
        after.sort_values(order, ignore_index=True)[columns]
    )
    shared, other = (covisibility(incidence(some, COUNT)).toarray() for some in (table, renamed))
    assert np.array_equal(shared, other[np.ix_(names, names)])


@given(observations(), st.integers(1, 5))
@settings(deadline=None, max_examples=20)
def test_levels_are_what_ranking_methods_learn_from(table: pd.DataFrame, levels: int) -> None:
    shared = covisibility(incidence(table, COUNT))
    graded = relevance_levels(shared, levels)
    dense = shared.toarray()
    for i, j in np.ndindex(dense.shape):
        total = dense[i, i] + dense[j, j]
        assert graded.toarray()[i, j] == (np.ceil(levels * 2 * int(dense[i, j]) / total) if total else 0)
    assert graded.dtype == np.int8


def test_cameras_at_one_place_have_pools_without_themselves() -> None:
    cameras = pd.DataFrame({"model": 0, "image": range(6), "x": 0.0, "y": 0.0, "z": 0.0})
    pool = camera_pool(cameras, COUNT, 2).toarray()
    assert pool[:6].sum(axis=1).tolist() == [2] * 6
    assert pool[6:].sum() == 0
    assert np.diag(pool).sum() == 0


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


def one_model(rows: list[tuple[int, int, int, float, float]], rules: MinePairs) -> list[tuple[int, int]]:
    table = pd.DataFrame(rows, columns=["model", "image", "point", "depth", "focal"])
    cameras, descriptors = surroundings(0)
    return pairs_of(mine(table, rules, (cameras.assign(model=0), descriptors)))


def test_a_photograph_from_twice_as_far_changes_scale_by_two() -> None:
    far = [(0, image, point, depth, 500.0) for image, depth in ((0, 4.0), (1, 8.0), (2, 5.0)) for point in range(20)]
    assert one_model(far, MinePairs()) == [(0, 2), (2, 0)]  # 8 / 4 and 8 / 5 are beyond 1.5
    zoomed = [(*row[:4], 1000.0 if row[1] == 1 else 500.0) for row in far]
    assert (0, 1) in one_model(zoomed, MinePairs())


def test_a_detail_overlaps_with_the_view_but_not_the_view_with_the_detail() -> None:
    rows = [(0, 0, point, 1.0, 1.0) for point in range(100)] + [(0, 1, point, 1.0, 1.0) for point in range(19)]
    assert one_model(rows, MinePairs()) == [(1, 0)]


@pytest.mark.parametrize(("distractors", "kept"), [("keep", True), ("drop", False)])
def test_membership_lists_photographs_in_no_model(distractors: str, kept: bool) -> None:
    table = pd.DataFrame({"model": [0, 0, 2], "image": [4, 4, 1], "point": [5, 6, 5]})
    listed = membership(table, np.array([1, 2, 4]), MinePairs(distractors=distractors), 0)
    assert listed[["image", "model", "points"]].to_numpy().tolist() == [[1, 2, 1], [2, -1, 0], [4, 0, 2]]
    assert listed.dtypes.astype(str).tolist() == ["int32"] * 3 + ["bool"] * 2 + ["int32"]
    assert listed["burst"].tolist() == [-1, -1, -1]
    assert listed["distractor"].tolist() == [False, kept, False]
    assert listed["pool"].tolist() == [True, kept, True]
    assert membership(table, np.array([1, 2, 4]), MinePairs(negative_pool=1), 0)["pool"].sum() == 1


@pytest.mark.parametrize(("rule", "expected"), [("once", [-1, 0, 0]), ("all", [-1, -1, -1])])
def test_membership_tells_bursts_that_count_once(rule: str, expected: list[int]) -> None:
    table = pd.DataFrame({"model": [0, 0, 2], "image": [4, 4, 1], "point": [5, 6, 5]})
    bursts = burst_numbers(pd.DataFrame({"image": [2, 4], "group": [0, 0]}), 6)
    listed = membership(table, np.array([1, 2, 4]), MinePairs(bursts=rule), 0, bursts)
    assert listed["burst"].tolist() == expected
