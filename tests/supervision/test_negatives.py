import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from bitscape.supervision.negatives import COLUMNS, hard_negatives
from bitscape.supervision.supervision import Supervision


def known(models: np.ndarray, distractors: list[int]) -> Supervision:
    labels = sparse.csr_array((models[:, None] == np.unique(models[models >= 0])).astype(np.int32))
    nothing = sparse.csr_array((len(models), len(models)), dtype=np.float32)
    rows = 10 * np.arange(len(models))
    return Supervision(rows, labels, nothing, distractors=np.array(distractors, np.int64), source="geometry")


@given(st.integers(0, 2**32 - 1), st.booleans(), st.integers(1, 4))
@settings(deadline=None, max_examples=60)
def test_hard_negatives_equal_brute_force(seed: int, keep: bool, count: int) -> None:
    generator = np.random.default_rng(seed)
    models = generator.integers(-1, 4, 15)
    distractors = np.flatnonzero(models < 0).tolist() if keep else []
    descriptors = generator.normal(size=(15, 6)).astype(np.float32)
    descriptors /= np.linalg.norm(descriptors, axis=1, keepdims=True)
    pool, queries = np.sort(generator.permutation(15)[:11]), np.flatnonzero(models >= 0)
    found = hard_negatives(descriptors, known(models, distractors), queries, pool, count)
    expected = []
    for query in queries:
        best: dict[object, tuple[float, int]] = {}
        for other in pool:
            if models[other] == models[query] or (models[other] < 0 and not keep):
                continue
            model = int(models[other]) if models[other] >= 0 else ("alone", int(other))
            likeness = float(descriptors[query] @ descriptors[other])
            best[model] = max(best.get(model, (-2.0, -1)), (likeness, int(other)))
        ranked = sorted(best.values(), reverse=True)[:count]
        expected += [(10 * query, 10 * other, rank, likeness) for rank, (likeness, other) in enumerate(ranked, 1)]
    assert found[["query", "negative", "rank"]].to_numpy().tolist() == [list(row[:3]) for row in expected]
    assert found["similarity"].tolist() == pytest.approx([row[3] for row in expected], abs=1e-6)
    assert found.dtypes.astype(str).to_dict() == COLUMNS


def test_one_model_has_no_negatives_and_no_photograph_has_none() -> None:
    descriptors = np.eye(3, dtype=np.float32)
    assert hard_negatives(descriptors, known(np.zeros(3, int), []), np.arange(3), np.arange(3), 5).empty
    assert hard_negatives(descriptors[:0], known(np.zeros(0, int), []), np.arange(0), np.arange(0), 5).empty
