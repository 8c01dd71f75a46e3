import faiss
import numpy as np
import pytest

from bitscape.core.errors import CannotTrain
from bitscape.core.params import ITQ as ITQSettings
from bitscape.core.params import LSH as LSHSettings
from bitscape.methods.itq import ITQ
from bitscape.methods.lsh import LSH

DESCRIPTORS = np.random.default_rng(0).random((200, 48)).astype(np.float32)


def test_itq_is_what_faiss_applies():
    method = ITQ(ITQSettings(), 16, 3)
    weights = method.fit(DESCRIPTORS)
    transform = faiss.ITQTransform(48, 16, True)
    transform.itq.max_iter, transform.itq.seed = 50, 3
    transform.train(DESCRIPTORS)
    np.testing.assert_allclose(method.outputs(weights, DESCRIPTORS), transform.apply(DESCRIPTORS), atol=1e-5)


def test_itq_says_where_there_are_fewer_photographs_than_bits():
    with pytest.raises(CannotTrain, match="at most 20 directions in 20 training descriptors of 48 dimensions, not 32"):
        ITQ(ITQSettings(), 32, 0).fit(DESCRIPTORS[:20])


def test_lsh_planes_are_a_rotation_of_the_seed_through_the_mean():
    weights = LSH(LSHSettings(), 16, 0).fit(DESCRIPTORS)
    np.testing.assert_allclose(weights["projection"] @ weights["projection"].T, np.eye(16), atol=1e-5)
    np.testing.assert_allclose(LSH.outputs(weights, weights["mean"][None]), 0, atol=1e-5)
    again, other = (LSH(LSHSettings(), 16, seed).fit(DESCRIPTORS)["projection"] for seed in (0, 1))
    assert np.array_equal(weights["projection"], again)
    assert not np.array_equal(weights["projection"], other)


def test_lsh_keeps_angles_in_expectation():
    rng = np.random.default_rng(1)
    pair = rng.standard_normal((2, 400)).astype(np.float32)
    descriptors = np.concatenate([pair, -pair])
    outputs = LSH.outputs(LSH(LSHSettings(), 400, 0).fit(descriptors), pair) >= 0
    cosine = pair[0] @ pair[1] / np.linalg.norm(pair, axis=1).prod()
    assert (outputs[0] != outputs[1]).mean() == pytest.approx(np.arccos(cosine) / np.pi, abs=0.1)
