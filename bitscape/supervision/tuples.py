"""Training tuples of one query, one positive and hard negatives, after Radenovic et al."""

import numpy as np
from numpy.typing import NDArray

QUERIES_PER_BLOCK = 256


def hardest_negatives(
    outputs: NDArray[np.float32], models: NDArray[np.int32], queries: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """Find the photographs of other models that are most like each query.

    The rule of Radenovic et al. (their released code, `hard_neg_remine`): candidates are of another 3D model than
    the query, ranked by inner product of unit vectors, at most one of each model. Photographs in no model are not
    candidates: they may show the query's own place.

    Args:
        outputs: (n, B) current network outputs, any length.
        models: (n,) the 3D model of each photograph, -1 for none.
        queries: (q,) rows of `outputs`.
        count: negatives of a query.

    Returns:
        (q, m) rows of `outputs`, hardest first; m is `count`, or fewer where there are fewer other models.
    """
    lengths = np.linalg.norm(outputs, axis=1, keepdims=True)
    unit = outputs / np.maximum(lengths, 1e-12)
    names, members = np.unique(models[models >= 0], return_inverse=True)
    candidates = np.flatnonzero(models >= 0)
    count = min(count, len(names) - 1)
    chosen = np.empty((len(queries), max(count, 0)), dtype=np.int64)
    if count < 1:
        return chosen
    order = np.argsort(members, kind="stable")
    candidates = candidates[order]
    starts = np.searchsorted(members[order], np.arange(len(names)))
    for begin in range(0, len(queries), QUERIES_PER_BLOCK):
        block = queries[begin : begin + QUERIES_PER_BLOCK]
        similarity = unit[block] @ unit[candidates].T
        best = np.maximum.reduceat(similarity, starts, axis=1)
        best[models[block][:, None] == names] = -np.inf
        ranked = np.argsort(-best, axis=1, kind="stable")[:, :count]
        for row, of_models in enumerate(ranked):
            for column, model in enumerate(of_models):
                stop = starts[model + 1] if model + 1 < len(starts) else len(candidates)
                within = similarity[row, starts[model] : stop]
                chosen[begin + row, column] = candidates[starts[model] + int(np.argmax(within))]
    return chosen
