from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitscape.collection.labels import Label
from bitscape.collection.splits import split
from bitscape.collection.unseen import set_apart
from bitscape.core.errors import BitscapeError

DEFAULT = {"train": 0.65, "database": 0.1, "query_val": 0.1, "query_test": 0.15}
SEEDS = st.integers(0, 2**31 - 1)


@st.composite
def collections(draw):
    """Photographs of three to nine landmarks and of none, a few of them duplicates of the one before."""
    images, units, labels = [], [], []
    for landmark in [*(f"landmark {number}" for number in range(draw(st.integers(3, 9)))), None]:
        for place in range(draw(st.integers(2, 12))):
            twin = place > 1 and draw(st.integers(0, 3)) == 0
            images.append(f"{landmark}/{place}.jpg")
            units.append(max(units, default=-1) + (not twin))
            labels.append(Label(landmark=landmark))
    return images, units, labels


def splits_of(names, chosen):
    found = defaultdict(set)
    for name, part in zip(names, chosen, strict=True):
        if name is not None:
            found[name].add(part)
    return found


@given(collections(), SEEDS)
@settings(deadline=None)
def test_no_landmark_of_a_query_is_trained_on_and_the_database_holds_it(collection, seed):
    images, units, labels = collection
    apart = set_apart(images, units, labels, DEFAULT, seed)
    chosen = split(images, units, apart, DEFAULT, seed)
    of_unit = splits_of(units, chosen)
    assert all(len(parts) == 1 for parts in of_unit.values())
    parts = splits_of([label.landmark for label in labels], chosen)
    for found in parts.values():
        assert len(found & {"train", "query_val", "query_test"}) <= 1
        assert found == {"train"} or "database" in found
    assert any("train" in found for found in parts.values())


def of_sizes(*sizes):
    names = [f"l{number}" for number, size in enumerate(sizes) for _ in range(size)]
    return [f"{name}/{index}.jpg" for index, name in enumerate(names)], names


def test_shares_are_kept_where_landmarks_are_many():
    images, names = of_sizes(*[10] * 40)
    labels = [Label(landmark=name) for name in names]
    apart = [label.split for label in set_apart(images, range(400), labels, DEFAULT, 0)]
    for name, share in DEFAULT.items():
        assert abs(apart.count(name) / 400 - share) < 0.03


def test_a_landmark_of_one_photograph_asks_nothing():
    images, names = of_sizes(*[4] * 9, *[1] * 9)
    labels = [Label(landmark=name) for name in names]
    apart = [label.split for label in set_apart(images, range(45), labels, DEFAULT, 0)]
    assert set(apart[36:]) <= {"train", "database"}
    assert {"query_val", "query_test"} <= set(apart)


def test_another_seed_sets_other_landmarks_apart():
    images, names = of_sizes(*[6] * 10)
    labels = [Label(landmark=name) for name in names]
    first, second = ([one.split for one in set_apart(images, range(60), labels, DEFAULT, seed)] for seed in (0, 1))
    assert first != second


def test_where_there_is_no_landmark_the_one_label_takes_its_place():
    images, names = of_sizes(8, 8, 8, 8)
    apart = set_apart(images, range(32), [Label(labels=(name,)) for name in names], DEFAULT, 0)
    for found in splits_of(names, [label.split for label in apart]).values():
        assert found == {"train"} or "database" in found
    several = [Label(labels=("a", name)) for name in names]
    with pytest.raises(BitscapeError, match=r"several labels l0/0\.jpg is asked for by; fill the column `landmark`"):
        set_apart(images, range(32), several, DEFAULT, 0)


def test_given_splits_are_kept_and_what_contradicts_is_told():
    images, names = of_sizes(6, 6, 6, 6)
    given = {0: "query_test", 1: "database", 6: "train", 12: "database"}
    labels = [Label(landmark=name, split=given.get(index)) for index, name in enumerate(names)]
    apart = [label.split for label in set_apart(images, range(24), labels, DEFAULT, 0)]
    assert {index: apart[index] for index in given} == given
    assert set(apart[:6]) == {"query_test", "database"}
    assert set(apart[6:12]) == {"train"}
    torn = [Label(landmark=name, split={0: "train", 3: "query_val"}.get(index)) for index, name in enumerate(names)]
    with pytest.raises(BitscapeError, match=r"puts l0/0\.jpg into train and l0/3\.jpg into query_val, which show one"):
        set_apart(images, range(24), torn, DEFAULT, 0)


def test_too_few_landmarks_and_no_database_are_told():
    images, names = of_sizes(6, 6, 6)
    labels = [Label(landmark=name) for name in names]
    with pytest.raises(BitscapeError, match=r"three landmarks .* and there are 2; fill the column `landmark`"):
        set_apart(images, [*range(17), 0], labels, DEFAULT, 0)
    with pytest.raises(BitscapeError, match="needs a share of `database`"):
        set_apart(images, range(18), labels, {**DEFAULT, "database": 0.0, "train": 0.75}, 0)


@pytest.mark.parametrize(
    "sizes", [(10, 10, 10, 1), (10, 8, 6, 1), (20, 12, 9, 1, 1), (30, 30, 30, 1), (5, 5, 5, 5, 1, 1)]
)
@pytest.mark.parametrize("seed", range(5))
def test_a_landmark_of_one_photograph_takes_no_place_among_those_that_ask(sizes, seed):
    images, names = of_sizes(*sizes)
    labels = [Label(landmark=name) for name in names]
    chosen = split(
        images, range(len(images)), set_apart(images, range(len(images)), labels, DEFAULT, seed), DEFAULT, seed
    )
    assert set(chosen) == set(DEFAULT)


def test_near_duplicates_that_labels_put_apart_are_followed_as_with_unseen_photographs():
    images, names = of_sizes(5, 5, 5, 5)
    given = {0: "database", 1: "query_test"}
    labels = [Label(landmark=name, split=given.get(index)) for index, name in enumerate(names)]
    near = [0, 0, *range(1, 19)]
    apart = set_apart(images, range(20), labels, DEFAULT, 0, near)
    assert [label.split for label in apart[:2]] == ["database", "query_test"]
    assert {label.split for label in apart[2:5]} <= {"database", "query_test"}
