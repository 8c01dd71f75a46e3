"""Check T9 of the specification of BCDH: hard negatives."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bitscape.supervision.tuples import hardest_negatives


def _plain(outputs, models, query, count):
    """Rank all others and take the first of each other model."""
    unit = outputs / np.linalg.norm(outputs, axis=1, keepdims=True)
    chosen, used = [], {models[query], -1}
    for i in np.argsort(-(unit @ unit[query]), kind="stable"):
        if models[i] not in used and len(chosen) < count:
            chosen.append(i)
            used.add(models[i])
    return chosen


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 7), st.integers(1, 6))
def test_they_equal_a_plain_walk_down_the_ranking(seed, count, number):
    rng = np.random.default_rng(seed)
    models = rng.integers(-1, number, 40).astype(np.int32)
    outputs = rng.standard_normal((40, 8)).astype(np.float32)
    queries = np.flatnonzero(models >= 0)
    if not len(queries):
        return
    found = hardest_negatives(outputs, models, queries, count)
    for query, row in zip(queries, found, strict=True):
        assert list(row) == _plain(outputs, models, query, count)


def test_one_model_has_no_negatives():
    found = hardest_negatives(np.eye(4, dtype=np.float32), np.zeros(4, dtype=np.int32), np.arange(4), 5)
    assert found.shape == (4, 0)
