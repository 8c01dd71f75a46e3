import random
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bitscape.collection.labels import Label
from bitscape.collection.splits import SIDE, split, straddling
from bitscape.core.errors import BitscapeError
from bitscape.core.table import SPLITS

DEFAULT = {"train": 0.65, "database": 0.1, "query_val": 0.1, "query_test": 0.15}
SEEDS = st.integers(0, 2**31 - 1)


@st.composite
def shares(draw: st.DrawFn) -> dict[str, float]:
    weights = [draw(st.integers(1, 100)) for _ in SPLITS]
    return {name: weight / sum(weights) for name, weight in zip(SPLITS, weights, strict=True)}


@st.composite
def collections(draw: st.DrawFn, sizes: st.SearchStrategy[int]) -> tuple[list[str], list[int], list[Label]]:
    """Images, their units and their labels; units of the sizes drawn."""
    images, units, labels = [], [], []
    for unit, size in enumerate(draw(st.lists(sizes, min_size=4, max_size=60))):
        for _ in range(size):
            images.append(f"{len(images) % 3}/{len(images)}.jpg")
            units.append(unit)
            labels.append(Label(labels=tuple(draw(st.sampled_from(["", "a", "b", "ab"])))))
    return images, units, labels


@given(collections(st.integers(1, 5)), shares(), SEEDS)
def test_a_unit_has_one_split(collection, share, seed):
    images, units, labels = collection
    chosen = split(images, units, labels, share, seed)
    assert set(chosen) <= set(SPLITS)
    assert len(set(zip(units, chosen, strict=True))) == len(set(units))


@example(
    ([f"{one}/{one}.jpg" for one in range(4)], [0, 1, 2, 3], [Label()] * 4),
    {"train": 1 / 14, "database": 1 / 14, "query_val": 1 / 14, "query_test": 11 / 14},
    0,
)
@given(collections(st.integers(1, 5)), shares(), SEEDS)
def test_shares_are_kept_within_a_unit(collection, share, seed):
    images, units, labels = collection
    counts = Counter(split(images, units, labels, share, seed))
    largest = max(Counter(units).values())
    # 13/12 follows for four splits by induction on the sums of the 3, 2 and 1 largest deficits. For each split that
    # can stay empty at that a unit more has to move, and all of them can come from one split.
    empty = sum(one * len(images) <= largest * 13 / 12 for one in share.values())
    bound = largest * (13 / 12 + empty)
    for name in SPLITS:
        assert abs(counts[name] - share[name] * len(images)) <= bound + 1e-9


@given(st.integers(20, 400), SEEDS)
def test_default_shares_of_single_photographs_are_exact_to_one(count, seed):
    images = [f"{index}.jpg" for index in range(count)]
    counts = Counter(split(images, range(count), [Label()] * count, DEFAULT, seed))
    assert all(abs(counts[name] - DEFAULT[name] * count) < 1 for name in SPLITS)


@given(collections(st.integers(1, 5)), shares(), SEEDS)
def test_no_split_is_empty_while_there_are_units(collection, share, seed):
    images, units, labels = collection
    assert set(split(images, units, labels, share, seed)) == set(SPLITS)


@settings(max_examples=50)
@given(collections(st.integers(1, 3)), SEEDS, st.randoms(use_true_random=False))
def test_the_order_of_the_listing_changes_nothing(collection, seed, order: random.Random):
    images, units, labels = collection
    expected = dict(zip(images, split(images, units, labels, DEFAULT, seed), strict=True))
    rows = list(zip(images, units, labels, strict=True))
    order.shuffle(rows)
    numbers = list(set(units))
    order.shuffle(numbers)
    shuffled = [image for image, _, _ in rows]
    found = split(shuffled, [numbers[unit] for _, unit, _ in rows], [label for _, _, label in rows], DEFAULT, seed)
    assert dict(zip(shuffled, found, strict=True)) == expected


def test_the_seed_shuffles():
    images = [f"{index}.jpg" for index in range(100)]
    results = {tuple(split(images, range(100), [Label()] * 100, DEFAULT, seed)) for seed in range(5)}
    assert len(results) == 5


@pytest.mark.parametrize("kind", ["landmark", "labels", "folder"])
def test_every_stratum_is_spread_over_the_splits(kind: str):
    images, labels, stratum = [], [], []
    for index in range(12 * 20):
        place = f"place {index % 12}"
        images.append(f"{place}/{index}.jpg" if kind == "folder" else f"{index}.jpg")
        labels.append({"landmark": Label(("x",), place), "labels": Label((place,)), "folder": Label()}[kind])
        stratum.append(place)
    counts = Counter(zip(stratum, split(images, range(240), labels, DEFAULT, 0), strict=True))
    for place in set(stratum):
        for name in SPLITS:
            assert abs(counts[place, name] - 20 * DEFAULT[name]) < 2


def test_given_splits_are_kept_and_the_others_make_up_for_them():
    images = [f"{index:03}.jpg" for index in range(100)]
    labels = [Label(split="train") if index < 60 else Label() for index in range(100)]
    chosen = split(images, range(100), labels, DEFAULT, 0)
    assert chosen[:60] == ["train"] * 60
    assert Counter(chosen) == {"train": 65, "database": 10, "query_val": 10, "query_test": 15}


def test_what_belongs_to_a_photograph_with_a_given_split_follows_it():
    images = [f"{index}.jpg" for index in range(30)]
    labels = [Label(split="query_val"), Label(), *[Label()] * 28]
    chosen = split(images, [0, 0, *range(1, 29)], labels, DEFAULT, 0)
    assert chosen[:2] == ["query_val", "query_val"]


def test_duplicates_may_be_given_to_train_and_database():
    labels = [Label(split="train"), Label(split="database"), *[Label()] * 8]
    assert split([*"abcdefghij"], [0, 0, *range(1, 9)], labels, DEFAULT, 0)[:2] == ["train", "database"]


@pytest.mark.parametrize("first", ["train", "database", "query_test"])
def test_duplicates_given_to_both_sides_are_a_mistake(first: str):
    labels = [Label(split=first), Label(), Label(split="query_val"), *[Label()] * 8]
    with pytest.raises(BitscapeError, match=rf"labels\.csv puts a into {first} and c into query_val, but they are"):
        split([*"abcdefghijk"], [0, 0, 0, *range(1, 9)], labels, DEFAULT, 0)


def test_too_few_units_to_fill_the_splits_is_a_mistake():
    images = [f"{index}.jpg" for index in range(30)]
    with pytest.raises(BitscapeError, match="no photograph is left for the split query_val"):
        split(images, [index % 2 for index in range(30)], [Label()] * 30, DEFAULT, 0)


def test_a_split_without_a_share_stays_empty():
    images = [f"{index}.jpg" for index in range(30)]
    share = {"train": 0.75, "database": 0.0, "query_val": 0.1, "query_test": 0.15}
    assert "database" not in split(images, range(30), [Label()] * 30, share, 0)


def test_all_given_without_a_database_is_fine():
    names = ["train"] * 10 + ["query_val"] * 2 + ["query_test"] * 2
    images = [f"{index:02}.jpg" for index in range(14)]
    assert split(images, range(14), [Label(split=name) for name in names], DEFAULT, 0) == names


@given(collections(st.integers(1, 4)), SEEDS, st.data())
def test_near_duplicates_go_together_unless_given_splits_tear_them(collection, seed, data):
    images, units, _ = collection
    near = [unit // 2 for unit in units] + [*range(100, 120)]
    images, units = images + [f"free {number}" for number in range(20)], [*units, *range(100, 120)]
    first = {unit: index for index, unit in reversed([*enumerate(units)])}  # one of each unit: these cannot contradict
    given_split = {index: data.draw(st.none() | st.sampled_from(SPLITS)) for unit, index in first.items() if unit < 100}
    labels = [Label(split=given_split.get(index)) for index in range(len(images))]
    chosen = split(images, units, labels, DEFAULT, seed, near)
    assert all(label.split in (None, name) for label, name in zip(labels, chosen, strict=True))
    for unit in set(near):
        told = {label.split for label, other in zip(labels, near, strict=True) if other == unit} - {None}
        found = {name for name, other in zip(chosen, near, strict=True) if other == unit}
        assert found == told if told else len(found) == 1
    torn = {near[pair[0]] for pair in straddling(near, chosen)}
    sides = {unit: {SIDE[chosen[index]] for index, other in enumerate(near) if other == unit} for unit in near}
    assert torn == {unit for unit, names in sides.items() if len(names) > 1}


def test_torn_units_are_told_by_their_first_photograph_on_each_side():
    units, splits = [0, 1, 0, 0, 1, 2], ["train", "train", "query_val", "query_val", "database", "query_test"]
    assert straddling(units, splits) == [[0, 2]]
