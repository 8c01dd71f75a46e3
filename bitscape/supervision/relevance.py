"""What a query should find: sparse, graded relevance from labels, landmarks or shared 3D points."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from scipy import sparse

from bitscape.core.errors import BitscapeError

Source = Literal["landmark", "labels", "geometry"]
GRADES: dict[Source, str] = {
    "landmark": "1: shows the same landmark",
    "labels": "number of shared labels",
    "geometry": "number of shared 3D points",
}
QUERIES_AT_ONCE = 1024


def choose_source(collection: pd.DataFrame, source: Literal["auto", "landmark", "labels", "geometry"]) -> Source:
    """Decide where relevance comes from.

    Args:
        collection: columns `landmark` and `labels`.
        source: what `relevance.source` says; `auto` is the first of landmark, labels and geometry that there is.

    Returns:
        The source.

    Raises:
        BitscapeError: the collection lacks what `source` asks for.
    """
    has: dict[Source, bool] = {
        "landmark": bool(collection["landmark"].notna().any()),
        "labels": bool((collection["labels"].map(len) > 0).any()),
        "geometry": True,
    }
    if source == "auto":
        return next(name for name in GRADES if has[name])
    if not has[source]:
        choices = " or ".join(f"`{name}`" for name in GRADES if has[name])
        raise BitscapeError(
            f"relevance.source is `{source}`, but no photograph of the collection has a value in that column; fill the "
            f"column `{source}` of data/labels.csv, or set relevance.source to {choices}."
        )
    return source


def shared_labels(queries: Sequence[Sequence[str]], database: Sequence[Sequence[str]]) -> sparse.csr_array:
    """Grade by the number of labels that two photographs share.

    Args:
        queries: labels of each query.
        database: labels of each photograph that is searched.

    Returns:
        (queries, database) int32, indices sorted, zeros not stored.
    """
    rows = [*queries, *database]
    codes, names = pd.factorize(np.array([label for labels in rows for label in set(labels)], dtype=object))
    owner = np.repeat(np.arange(len(rows)), [len(set(labels)) for labels in rows])
    has = sparse.csr_array((np.ones(len(codes), np.int32), (owner, codes)), shape=(len(rows), len(names)))
    return shared_columns(has[: len(queries)], has[len(queries) :])


def same_landmark(queries: Sequence[str | None], database: Sequence[str | None]) -> sparse.csr_array:
    """Grade 1 where two photographs show the same landmark; one without a landmark is relevant to none.

    Args:
        queries: landmark of each query, or None.
        database: landmark of each photograph that is searched, or None.

    Returns:
        (queries, database) int32, indices sorted, zeros not stored.
    """
    alone = [[[] if pd.isna(name) else [str(name)] for name in names] for names in (queries, database)]
    return shared_labels(*alone)


def shared_columns(queries: sparse.csr_array, database: sparse.csr_array, least: int = 1) -> sparse.csr_array:
    """Grade by the number of columns in which two rows both have a 1, such as 3D points that both photographs see.

    Args:
        queries: (q, columns) int32 of ones.
        database: (n, columns) int32 of ones.
        least: fewer shared columns are not relevant.

    Returns:
        (q, n) int32, indices sorted, zeros not stored.
    """
    transposed = database.T.tocsr()
    blocks = []
    for at in range(0, queries.shape[0], QUERIES_AT_ONCE):
        block = sparse.csr_array(queries[at : at + QUERIES_AT_ONCE] @ transposed, dtype=np.int32)
        block.data[block.data < least] = 0
        block.eliminate_zeros()
        blocks.append(block)
    if not blocks:
        return sparse.csr_array((0, database.shape[0]), dtype=np.int32)
    grades = sparse.csr_array(sparse.vstack(blocks, format="csr"), dtype=np.int32)
    grades.sort_indices()
    return grades
