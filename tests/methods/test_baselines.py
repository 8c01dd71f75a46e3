import faiss
import numpy as np
import pytest
from sklearn.decomposition import PCA

from bitscape.core.errors import CannotTrain
from bitscape.core.settings.baselines import ITQ as ITQSettings
from bitscape.core.settings.baselines import LSH as LSHSettings
from bitscape.core.settings.baselines import PCASign as PCASignSettings
from bitscape.methods.itq import ITQ
from bitscape.methods.lsh import LSH
from bitscape.methods.pcasign import PCASign

DESCRIPTORS = np.random.default_rng(0).random((200, 48)).astype(np.float32)


def test_itq_is_what_faiss_applies():
    method = ITQ(ITQSettings(), 16, 3)
    weights = method.fit(DESCRIPTORS)
    transform = faiss.ITQTransform(48, 16, True)
    transform.itq.max_iter, transform.itq.seed = 50, 3
    transform.train(DESCRIPTORS)
    np.testing.assert_allclose(method.outputs(weights, DESCRIPTORS), transform.apply(DESCRIPTORS), atol=1e-5)


@pytest.mark.parametrize("method", [ITQ(ITQSettings(), 32, 0), PCASign(PCASignSettings(), 32, 0)])
def test_the_number_of_threads_changes_nothing(method):
    smooth = np.cumsum(np.random.default_rng(0).standard_normal((700, 320)), axis=1).astype(np.float32)
    before = faiss.omp_get_max_threads()
    fitted = []
    for threads in (1, 2):
        faiss.omp_set_num_threads(threads)
        fitted.append(method.fit(smooth))
    assert faiss.omp_get_max_threads() == threads
    faiss.omp_set_num_threads(before)
    for name, values in fitted[0].items():
        assert values.tobytes() == fitted[1][name].tobytes(), name


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


def _centred(descriptors):
    centred = descriptors - DESCRIPTORS.mean(axis=0)
    return centred / np.linalg.norm(centred, axis=1, keepdims=True)


def test_pcasign_has_the_signs_of_scikit_learns_components():
    method = PCASign(PCASignSettings(), 16, 0)
    others = np.random.default_rng(1).random((50, 48)).astype(np.float32)
    found = method.outputs(method.fit(DESCRIPTORS), others)
    pca = PCA(16, svd_solver="full").fit(_centred(DESCRIPTORS).astype(np.float64))
    expected = pca.transform(_centred(others))
    turned = np.sign((found * expected).sum(axis=0))  # a component may point either way
    np.testing.assert_allclose(found, expected * turned, atol=1e-5)
    clear = np.abs(expected) > 1e-5
    assert clear.mean() > 0.99
    assert np.array_equal((found >= 0)[clear], (expected * turned >= 0)[clear])


def test_pcasign_components_are_orthonormal_and_fall_in_variance():
    method = PCASign(PCASignSettings(), 24, 0)
    weights = method.fit(DESCRIPTORS)
    np.testing.assert_allclose(weights["projection"] @ weights["projection"].T, np.eye(24), atol=1e-5)
    variances = method.outputs(weights, DESCRIPTORS).var(axis=0)
    assert (np.diff(variances) <= 1e-7).all()
    # Shorter codes are the start of longer ones.
    shorter = PCASign(PCASignSettings(), 8, 5).fit(DESCRIPTORS)["projection"]
    np.testing.assert_allclose(np.abs((shorter * weights["projection"][:8]).sum(axis=1)), 1, atol=1e-4)


@pytest.mark.parametrize(("photographs", "bits", "most"), [(20, 32, 20), (200, 64, 48)])
def test_pcasign_says_where_there_are_more_bits_than_directions(photographs, bits, most):
    told = f"at most {most} directions in {photographs} training descriptors of 48 dimensions, not {bits}"
    with pytest.raises(CannotTrain, match=told):
        PCASign(PCASignSettings(), bits, 0).fit(DESCRIPTORS[:photographs])
