"""What must be encoded before negatives are mined: the pool bounds the cost, however many photographs there are."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bitscape.supervision.supervision import Supervision

Rows = NDArray[np.int64]


def outputs_for_mining(
    outputs: Callable[[Rows], NDArray[np.float32]], supervision: Supervision, tuples: Rows, pool: Rows, families: bool
) -> NDArray[np.float32]:
    """Encode the pool and the photographs of the tuples (Radenovic et al.; specification 1.7.3).

    Args:
        outputs: from (m,) training photographs to their (m, B) outputs.
        supervision: clusters of the n training photographs.
        tuples: (q, 1 + positives) queries and positives, -1 for none.
        pool: (c,) photographs that negatives are mined from.
        families: whether the queries' whole clusters are wanted, too, in which `hardest_strangers` looks.

    Returns:
        (n, B) float32; zeros for photographs at which nothing looks.
    """
    wanted = np.union1d(pool, tuples[tuples >= 0])
    if families:
        own = supervision.clusters[tuples[:, 0]]
        wanted = np.union1d(wanted, np.flatnonzero(np.isin(supervision.clusters, own[own >= 0])))
    found = outputs(wanted)
    current = np.zeros((len(supervision.rows), found.shape[1]), dtype=np.float32)
    current[wanted] = found
    return current
