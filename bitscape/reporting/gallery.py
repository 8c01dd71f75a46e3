"""A few queries with the top results of each method, as pictures."""

import base64
import io
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bitscape.core.photograph import open_photograph
from bitscape.hamming.codes import Codes
from bitscape.hamming.junk import JUNK
from bitscape.hamming.ranking import distances

SIDE = 120
"""Pixels of the longer side of a thumbnail."""


class Hit(NamedTuple):
    """One result of a search.

    Attributes:
        item: its place in the database.
        distance: Hamming distance from the query.
        relevant: whether the query should find it.
    """

    item: int
    distance: int
    relevant: bool


def choose_queries(scores: NDArray[np.float64], kinds: Sequence[Hashable], count: int, seed: int) -> list[int]:
    """Choose queries to show: the first half those on which the methods differ most, the rest at random.

    The first half has at most one query of a kind, while there are kinds left.

    Args:
        scores: (methods, queries) float64 average precision; a query with a NaN is never chosen.
        kinds: of each query what it shows, such as its labels.
        count: how many, where there are so many.
        seed: of the random choice.

    Returns:
        Places of the queries, first those that differ most.
    """
    known = np.flatnonzero(~np.isnan(scores).any(axis=0))
    spread = np.ptp(scores[:, known], axis=0) if len(scores) else np.zeros(len(known))
    by_spread = known[np.argsort(-spread, kind="stable")].tolist()
    drawn = np.random.default_rng(seed).permutation(known).tolist()
    chosen: list[int] = []
    for candidates, wanted in ((by_spread, -(-count // 2)), (drawn, count)):
        for new_kinds_only in (True, False):
            for query in candidates:
                seen = {kinds[one] for one in chosen}
                if len(chosen) < wanted and query not in chosen and not (new_kinds_only and kinds[query] in seen):
                    chosen.append(query)
    return chosen


def top(query: Codes, database: Codes, grades: NDArray[np.int32], count: int) -> list[Hit]:
    """Search with one query; photographs of equal distance are in the order of the database.

    Args:
        query: (bits / 8,) uint8.
        database: (items, bits / 8) uint8.
        grades: (items,) integers; above 0 is relevant, `JUNK` in no ranking.
        count: how many results.

    Returns:
        The results, nearest first.
    """
    away = distances(query[None], database)[0]
    nearest = np.argsort(away, kind="stable")
    shown = nearest[grades[nearest] != JUNK][:count]
    return [Hit(int(item), int(away[item]), bool(grades[item] > 0)) for item in shown]


class Thumbnails:
    """Thumbnails as data URIs, each photograph read once."""

    def __init__(self, folder: Path):
        """Read photographs below `folder`."""
        self.folder = folder
        self._made: dict[tuple[str, int], str] = {}

    def __call__(self, image: str, side: int = SIDE) -> str:
        """The thumbnail of the photograph at the path `image` below the folder, as a data URI of a WebP picture."""
        from PIL import Image

        if (image, side) not in self._made:
            picture = Image.fromarray(open_photograph(self.folder / image))
            picture.thumbnail((side * 2, side), Image.Resampling.LANCZOS, reducing_gap=None)
            out = io.BytesIO()
            picture.save(out, "WEBP", quality=72, method=4)
            self._made[image, side] = data_uri(out.getvalue(), "image/webp")
        return self._made[image, side]


def data_uri(content: bytes, kind: str = "image/png") -> str:
    """Put a picture into a page: `data:KIND;base64,...`."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
