"""One result of a search."""

from pathlib import Path
from typing import NamedTuple


class Hit(NamedTuple):
    """One result of a search.

    Attributes:
        image: the photograph, by its path from the folder of the photographs.
        path: the file.
        distance: Hamming distance from the query.
        similarity: cosine of the real-valued codes, where they re-ranked the results.
        inliers: verified SIFT matches, where they re-ranked the results.
    """

    image: str
    path: Path
    distance: int
    similarity: float | None = None
    inliers: int | None = None
