"""Which photograph is learned from, searched, or asked with."""

import hashlib
from collections.abc import Mapping, Sequence

from bitscape.collection.labels import Label
from bitscape.collection.units import members
from bitscape.core.errors import BitscapeError
from bitscape.core.table import SPLITS

# A query may not be searched or learned from; whether a duplicate is learned from or only searched is all the same.
SIDE = {"train": "database", "database": "database", "query_val": "query_val", "query_test": "query_test"}


def split(
    images: Sequence[str],
    units: Sequence[int],
    labels: Sequence[Label],
    shares: Mapping[str, float],
    seed: int,
    near: Sequence[int] | None = None,
) -> list[str]:
    """Put every photograph into a split.

    A split that `labels.csv` gives is kept, and the rest of that photograph's unit goes with it. The other units are
    placed one by one, the largest first, into the split that falls furthest short of its share of all placed so far.
    Units of equal size come stratum by stratum, shuffled within it, so every stratum is spread over the splits. Where
    nothing is given, no split ends further from its share than 13/12 of the largest unit, unless it would be empty.

    Args:
        images: (n,) names, each once, in any order: the result does not depend on it.
        units: (n,) unit of each photograph: exact duplicates and groups.
        labels: (n,) label of each photograph.
        shares: of each split, adding up to 1.
        seed: of the shuffle.
        near: (n,) wider unit of each photograph, with near-duplicates, which given splits may tear; `units` if None.

    Returns:
        (n,) split of each photograph.

    Raises:
        BitscapeError: if given splits tear a unit apart, or a split with a share stays empty.
    """
    strata = _strata(images, labels)
    chosen: dict[int, str] = {}
    free: list[list[int]] = []
    for unit in members(images, units):
        given = [index for index in unit if labels[index].split]
        _check_together(images, labels, given)
        if given:
            chosen |= {index: labels[index].split or labels[given[0]].split or "" for index in unit}
    for unit in members(images, units if near is None else near):
        settled = [chosen[index] for index in unit if index in chosen]
        if settled:
            chosen |= {index: settled[0] for index in unit if index not in chosen}
        else:
            free.append(unit)
    # A hash shuffles without regard to the order of the listing, and equally on every machine.
    free.sort(key=lambda unit: (-len(unit), strata[unit[0]], _shuffle(seed, images[unit[0]])))
    placed = {name: sum(value == name for value in chosen.values()) for name in SPLITS}
    where: list[str] = []
    for unit in free:
        total = sum(placed.values()) + len(unit)
        where.append(max(SPLITS, key=lambda name: shares[name] * total - placed[name]))
        placed[where[-1]] += len(unit)
    _fill_empty(free, where, placed, shares)
    for unit, name in zip(free, where, strict=True):
        chosen |= dict.fromkeys(unit, name)
    return [chosen[index] for index in range(len(images))]


def straddling(units: Sequence[int], splits: Sequence[str]) -> list[list[int]]:
    """Find units on both sides of a query: near-duplicates which given splits tear apart.

    Args:
        units: (n,) unit of each photograph.
        splits: (n,) split of each.

    Returns:
        Of each such unit, by its number: the position of the first photograph on each side, ascending.
    """
    sides = ({SIDE[splits[index]]: index for index in unit[::-1]} for unit in members(range(len(units)), units))
    return [sorted(first.values()) for first in sides if len(first) > 1]


def _strata(images: Sequence[str], labels: Sequence[Label]) -> list[tuple[str, ...]]:
    """Name each photograph's stratum: its landmark, else its labels, else its folder; one kind for all."""
    if any(label.landmark for label in labels):
        return [(label.landmark or "",) for label in labels]
    if any(label.labels for label in labels):
        return [label.labels for label in labels]
    return [(image.rpartition("/")[0],) for image in images]


def _shuffle(seed: int, image: str) -> bytes:
    return hashlib.sha256(f"{seed} {image}".encode()).digest()


def _check_together(images: Sequence[str], labels: Sequence[Label], given: Sequence[int]) -> None:
    for index in given[1:]:
        first, other = labels[given[0]].split or "", labels[index].split or ""
        if SIDE[first] != SIDE[other]:
            raise BitscapeError(
                f"labels.csv puts {images[given[0]]} into {first} and {images[index]} into {other}, but they are "
                "duplicates or of one group; give them one split, or leave it empty."
            )


def _fill_empty(
    free: Sequence[list[int]], where: list[str], placed: dict[str, int], shares: Mapping[str, float]
) -> None:
    """Give each empty split that has a share the smallest unit of the split that is most above its own."""
    total = sum(placed.values())
    for empty in [name for name in SPLITS if shares[name] > 0 and not placed[name]]:
        smallest = {name: index for index, name in enumerate(where)}  # the last of each split: sizes descend
        donors = [name for name, index in smallest.items() if len(free[index]) < placed[name]]
        if not donors and empty == "database" and placed["train"]:
            continue  # the training photographs are searched too
        if not donors:
            raise BitscapeError(
                f"no photograph is left for the split {empty}: duplicates, near-duplicates, groups and the splits that "
                "labels.csv gives leave too few to choose from; add photographs, leave the split of some empty, or set "
                "prepare.near_duplicates lower (null: off)."
            )
        donor = max(donors, key=lambda name: placed[name] - shares[name] * total)
        index = smallest[donor]
        where[index] = empty
        placed[donor] -= len(free[index])
        placed[empty] += len(free[index])
