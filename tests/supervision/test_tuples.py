"""Check T9 of the specification of BCDH: hard negatives."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from bitscape.supervision.tuples import hardest_negatives, hardest_strangers, pairs_of
from tests.supervision.known import make


def one_of(models, number):
    """Make supervision of the model of each photograph, -1 for none."""
    return make(np.eye(number + 1, dtype=np.int32)[models][:, :-1], "geometry")


def _plain(outputs, known, query, count, pool):
    """Walk down the ranking of all others and take the first of each other set of labels."""
    labels = known.labels.toarray()
    unit = outputs / np.linalg.norm(outputs, axis=1, keepdims=True)
    chosen, used = [], {()}
    for i in np.argsort(-(unit @ unit[query]), kind="stable"):
        kind = tuple(np.flatnonzero(labels[i]))
        if i in pool and kind not in used and not (labels[i] & labels[query]).any() and len(chosen) < count:
            chosen.append(i)
            used.add(kind)
    return chosen + [-1] * (count - len(chosen))


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 7), st.integers(1, 5), st.booleans(), st.integers(1, 40))
def test_t9_negatives_equal_a_plain_walk_down_the_ranking(seed, count, number, several, size):
    rng = np.random.default_rng(seed)
    several_labels = (rng.random((40, number)) < 0.3).astype(np.int32)
    known = make(several_labels) if several else one_of(rng.integers(-1, number, 40), number)
    outputs = rng.standard_normal((40, 8)).astype(np.float32)
    pool = rng.permutation(40)[:size]
    found = hardest_negatives(outputs, known, known.labelled, count, pool)
    for query, row in zip(known.labelled, found, strict=True):
        assert list(row) == _plain(outputs, known, query, count, set(pool.tolist()))


def test_one_model_has_no_negatives():
    found = hardest_negatives(np.eye(4, dtype=np.float32), one_of(np.zeros(4, dtype=int), 1), np.arange(4), 5)
    assert found.shape == (4, 5)
    assert (found == -1).all()


@given(st.integers(0, 1000), st.integers(1, 4))
def test_strangers_are_of_the_same_model_and_share_nothing(seed, count):
    rng = np.random.default_rng(seed)
    models = rng.integers(-1, 3, 30)
    overlap = np.where((models[:, None] == models) & (models >= 0), rng.random((30, 30)), 0)
    overlap = np.where(overlap < 0.6, 0, overlap)
    known = replace(
        one_of(models, 3), overlap=sparse.csr_array(np.maximum(overlap, overlap.T)), source="geometry-graded"
    )
    outputs = rng.standard_normal((30, 8)).astype(np.float32)
    unit = outputs / np.linalg.norm(outputs, axis=1, keepdims=True)
    found = hardest_strangers(outputs, known, np.arange(30), count)
    shared = known.overlap.toarray()
    for query, row in enumerate(found):
        right = [i for i in range(30) if i != query and models[i] == models[query] >= 0 and shared[query, i] == 0]
        best = sorted(right, key=lambda i: -float(unit[i] @ unit[query]))[:count]
        assert list(row) == best + [-1] * (count - len(best))


def test_pairs_compare_the_query_with_all_else_of_its_tuple():
    pairs = pairs_of(np.array([[7, 8, -1, 3, 5], [8, 7, 9, 3, -1]]), positives=2)
    assert pairs.images.tolist() == [7, 8, 3, 5, 8, 7, 9, 3]
    expected = [(7, 8, 1), (7, 3, 0), (7, 5, 0), (8, 7, 1), (8, 9, 1), (8, 3, 0)]
    assert list(zip(*pairs.ends.tolist(), pairs.similar.tolist(), strict=True)) == expected
    ends, shares = pairs.ends, pairs.shares()
    for image in np.unique(ends):
        assert shares[ends == image].sum() == 1 or abs(shares[ends == image].sum() - 1) < 1e-6
