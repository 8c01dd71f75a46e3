"""Landmarks set apart: nothing is learned of those that are asked for, and the database holds photographs of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bitscape.collection.labels import Label
from bitscape.collection.splits import split
from bitscape.collection.units import units as join
from bitscape.core.errors import BitscapeError

ASKING = ("query_val", "query_test")
OFF = "or set prepare.unseen to `photographs`"


def set_apart(
    images: Sequence[str],
    units: Sequence[int],
    labels: Sequence[Label],
    shares: Mapping[str, float],
    seed: int,
    near: Sequence[int] | None = None,
) -> list[Label]:
    """Give splits to all photographs of a landmark, so that no landmark of a query is trained on.

    Landmarks go as wholes to `train`, `query_val` or `query_test`. Those of the latter two are then divided between
    asking and `database`, at least a unit each, so that there is something to find; one of a single unit is trained on.
    Where no photograph has a landmark, its one label takes the place. Splits that `labels.csv` gives are kept.

    Args:
        images: (n,) names.
        units: (n,) unit of each photograph; they stay together.
        labels: (n,) label of each photograph.
        shares: of each split, adding up to 1.
        seed: of the shuffle.
        near: (n,) wider unit of each, with near-duplicates, which given splits may tear; `units` if None.

    Returns:
        (n,) the labels with a split; those of photographs without a landmark as they were.

    Raises:
        BitscapeError: if there are fewer than three landmarks, no share for the database, several labels to a
            photograph, or splits in `labels.csv` that train on a landmark which others ask for.
    """
    near = units if near is None else near
    wholes = _wholes(images, near, labels)
    asking = sum(shares[name] for name in ASKING)
    if len(wholes) < 3 or not shares["database"]:
        raise BitscapeError(
            "prepare.unseen: landmarks needs a share of `database` in prepare.splits and three landmarks (or labels) "
            f"that share no duplicate and no group, and there are {len(wholes)}; fill the column `landmark` of "
            f"data/labels.csv, {OFF}."
        )
    ask = asking / (asking + shares["database"])  # share of a landmark's photographs that ask
    sides = {"train": shares["train"], "database": 0.0} | {name: shares[name] / ask for name in ASKING}
    chosen: dict[int, str] = {}
    for whole, side in zip(wholes, _deal(images, near, labels, wholes, sides, seed), strict=True):
        given = [labels[index].split for index in whole]
        if side == "train" or all(given):
            chosen |= {index: labels[index].split or side for index in whole}
        else:
            inner = {"train": 0.0, **dict.fromkeys(ASKING, 0.0), "database": 1 - ask, side: ask}
            names, own, wide = ([listed[index] for index in whole] for listed in (images, units, near))
            parts = split(names, own, [labels[index] for index in whole], inner, seed, wide)  # type: ignore[arg-type]
            chosen |= zip(whole, parts, strict=True)
    return [replace(label, split=chosen.get(index, label.split)) for index, label in enumerate(labels)]


def _wholes(images: Sequence[str], units: Sequence[int], labels: Sequence[Label]) -> list[list[int]]:
    """List the photographs of each landmark, with what is of one unit with them."""
    names = [label.landmark for label in labels]
    if not any(names):
        several = next((image for image, label in zip(images, labels, strict=True) if len(label.labels) > 1), None)
        if several:
            raise BitscapeError(
                f"prepare.unseen: landmarks cannot tell which of several labels {several} is asked for by; fill the "
                f"column `landmark` of data/labels.csv, {OFF}."
            )
        names = [next(iter(label.labels), None) for label in labels]
    wholes: dict[int, list[int]] = {}
    for index, whole in enumerate(join([str(unit) for unit in units], names).tolist()):
        wholes.setdefault(whole, []).append(index)
    return [whole for whole in wholes.values() if any(names[index] for index in whole)]


def _deal(
    images: Sequence[str],
    units: Sequence[int],
    labels: Sequence[Label],
    wholes: Sequence[Sequence[int]],
    sides: Mapping[str, float],
    seed: int,
) -> list[str]:
    """Choose the side of each landmark: where `labels.csv` puts one of its photographs, else by shares."""
    names: list[str] = []
    numbers: list[int] = []
    presets: list[Label] = []
    for number, whole in enumerate(wholes):
        given = {labels[index].split: images[index] for index in whole if labels[index].split not in (None, "database")}
        if len(given) > 1:
            told = " and ".join(f"{image} into {name}" for name, image in given.items())
            raise BitscapeError(
                f"data/labels.csv puts {told}, which show one landmark or are of one group with it, and "
                f"prepare.unseen: landmarks keeps them on one side; leave their split empty, {OFF}."
            )
        names += [images[index].replace("/", ":") for index in whole]  # without folders they are one stratum, shuffled
        numbers += [number] * len(whole)
        alone = len({units[index] for index in whole}) == 1  # had it asked, there would be nothing to find
        presets += [Label(split=next(iter(given), "train" if alone else None))] * len(whole)
    dealt = dict(zip(numbers, split(names, numbers, presets, sides, seed), strict=True))
    return [dealt[number] for number in range(len(wholes))]
