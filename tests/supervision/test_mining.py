import numpy as np
import pytest
from scipy import sparse

from bitscape.supervision.mining import outputs_for_mining
from bitscape.supervision.supervision import Supervision


@pytest.mark.parametrize(("families", "expected"), [(False, [0, 1, 4, 7, 9]), (True, [0, 1, 4, 5, 7, 9])])
def test_the_pool_and_the_tuples_are_encoded_and_for_strangers_the_queries_models(families, expected):
    models = np.repeat(np.arange(5), 2)  # the queries are of the first and the third
    labels = sparse.csr_array(np.eye(5, dtype=np.int32)[models])
    known = Supervision(np.arange(10), labels, sparse.csr_array((10, 10), dtype=np.float32))
    values = np.random.default_rng(0).standard_normal((10, 3)).astype(np.float32)
    tuples, asked = np.array([[0, 1], [4, -1]]), []
    current = outputs_for_mining(
        lambda rows: asked.append(rows.tolist()) or values[rows], known, tuples, np.array([9, 7]), families
    )
    assert asked == [expected]
    np.testing.assert_array_equal(current[expected], values[expected])
    assert not current[np.setdiff1d(np.arange(10), expected)].any()
