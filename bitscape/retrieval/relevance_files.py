"""Anyone's lists and grades of what is relevant, as files."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from bitscape.core.errors import BitscapeError
from bitscape.hamming.junk import JUNK
from bitscape.retrieval.reading import read, read_text


def read_relevance(path: Path, queries: int, items: int) -> dict[str, Any]:
    """Read what each query should find.

    Args:
        path: `.npz` of a scipy sparse matrix or `.npy` of grades, (queries, items), -1 for junk; or `.json`, a list for
            each query of places in the database, or an object with the lists `relevant` (or `easy` and `hard`) and
            `junk`.
        queries: how many there must be.
        items: size of the database.

    Returns:
        `grades` -> the sparse matrix, or the lists by their names, one for each query.

    Raises:
        BitscapeError: if it cannot be read, or is of other codes.
    """
    from scipy import sparse

    if path.suffix == ".json":
        return _lists(path, queries)
    load = sparse.load_npz if path.suffix == ".npz" else lambda file: np.load(file, allow_pickle=False)

    def matrix(file: Path) -> sparse.csr_array:
        loaded = load(file)
        if loaded.dtype.kind not in "biuf":
            raise ValueError(f"it holds {loaded.dtype}")
        found = sparse.csr_array(loaded)
        found.check_format(full_check=True)  # a place beyond the matrix would be read all the same
        return found

    grades = read(path, matrix, "a matrix of grades")
    whole = np.isfinite(grades.data) & (grades.data >= JUNK) & (grades.data == np.trunc(grades.data))
    if not whole.all():
        raise BitscapeError(f"{path} holds grades that are no whole numbers of 0 or more, nor -1 for junk; give such.")
    if grades.shape != (queries, items):
        raise BitscapeError(
            f"{path} has the shape {grades.shape}, but there are {queries} queries and {items} codes in the database."
        )
    return {"grades": grades}


def _lists(path: Path, queries: int) -> dict[str, Any]:
    try:
        content = json.loads(read_text(path))
    except (json.JSONDecodeError, RecursionError) as error:
        raise BitscapeError(f"{path} is not valid JSON: {error}.") from None
    if not isinstance(content, list) or len(content) != queries:
        found = len(content) if isinstance(content, list) else type(content).__name__
        raise BitscapeError(f"{path} must be a list with an entry for each of the {queries} queries, not {found}.")
    entries = [one if isinstance(one, dict) else {"relevant": one} for one in content]
    for number, entry in enumerate(entries):
        for name, places in entry.items():
            if name not in ("relevant", "easy", "hard", "junk") or not (
                isinstance(places, list) and all(type(place) is int for place in places)
            ):
                raise BitscapeError(
                    f"{path}: entry {number}, `{name}`: an entry has lists of whole numbers named relevant, easy, hard "
                    "and junk."
                )
    names = {name for entry in entries for name in entry}
    return {name: [entry.get(name, []) for entry in entries] for name in sorted(names | {"junk"})}
