"""The first results of a search in a better order: by real-valued codes, or by the geometry of SIFT matches."""

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bitscape.core.errors import BitscapeError
from bitscape.hamming.codes import pack
from bitscape.search.index import nearest

if TYPE_CHECKING:
    from bitscape.search.bundle import Bundle
    from bitscape.search.encoding import Photograph
    from bitscape.search.hit import Hit

BY = ("outputs", "geometry")
DEPTH = {"outputs": 10, "geometry": 2}  # times the results that are asked for


def check(top: int, by: str | None, depth: int | None) -> None:
    """Check what a search asks for, before anything is encoded.

    Raises:
        BitscapeError: naming the argument.
    """
    for name, value in (("top", top), ("depth", 1 if depth is None else depth)):
        if not isinstance(value, Integral) or value < 1:
            raise BitscapeError(f"{name} must be a whole number of at least 1, not {value!r}.")
    if by is not None and by not in BY:
        raise BitscapeError(f"Results are re-ranked by {' or '.join(BY)}, not by {by!r}.")
    if by is None and depth is not None:
        raise BitscapeError(f"depth {depth} is of re-ranking; say also rerank, {' or '.join(BY)}, or leave depth out.")


def ranked(
    bundle: "Bundle",
    queries: "Sequence[Photograph]",
    outputs: NDArray[np.float32],
    top: int,
    by: str,
    depth: int | None,
) -> "list[list[Hit]]":
    """Search and re-rank; see `Bundle.search`.

    Args:
        bundle: what is asked.
        queries: q photographs.
        outputs: (q, bits) their real-valued codes.
        top: results of each query.
        by: `outputs` or `geometry`.
        depth: results that are re-ranked.
    """
    deep = max(top, depth or DEPTH[by] * top)
    if by == "outputs":
        return _by_outputs(bundle, outputs, top, deep)
    from bitscape.search.verification import count_inliers

    hits = bundle.nearest(pack(outputs), deep) if len(outputs) else []
    answers = []
    for query, found in zip(queries, hits, strict=True):
        inliers = count_inliers(query, [hit.path for hit in found])
        counted = [hit._replace(inliers=count) for hit, count in zip(found, inliers, strict=True)]
        answers.append(sorted(counted, key=lambda hit: -(hit.inliers or 0))[:top])
    return answers


def _by_outputs(bundle: "Bundle", outputs: NDArray[np.float32], top: int, deep: int) -> "list[list[Hit]]":
    """Rank by the cosine of outputs; results of equal cosine stay in the order of their distances."""
    found = nearest(bundle.index, pack(outputs), deep)
    answers = []
    for query, rows, distances in zip(outputs, found.rows, found.distances, strict=True):
        rows, distances = rows[rows >= 0], distances[rows >= 0]
        # Not `@`, whose sums of equal rows may be taken in another order.
        cosines = (_unit(bundle.outputs[rows]) * _unit(query[None])).sum(axis=1)
        order = np.argsort(-cosines, kind="stable")[:top]
        answers.append(
            [
                bundle.hit(int(rows[at]), int(distances[at]))._replace(similarity=float(cosines[at]))
                for at in order.tolist()
            ]
        )
    return answers


def _unit(outputs: NDArray[np.float32]) -> NDArray[np.float64]:
    """Divide rows by their length; float64, so that equal rows have equal cosines."""
    values = outputs.astype(np.float64)
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)
