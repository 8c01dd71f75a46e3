import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.straddling import look_alikes, straddling_pairs
from tests.geometry.conftest import Synthesize

RULES = Reconstruct(burst_similarity=0.9, burst_overlap=0.4)


@given(st.integers(0, 1000), st.integers(1, 12), st.integers(0, 12), st.integers(1, 5))
def test_look_alikes_are_the_neighbours_of_enough_cosine(seed: int, count: int, asked: int, neighbours: int) -> None:
    generator = np.random.default_rng(seed)
    descriptors = generator.normal(size=(count, 2)).astype(np.float32)
    descriptors /= np.linalg.norm(descriptors, axis=1, keepdims=True)
    order = generator.permutation(count)
    queries, searched = np.sort(order[:asked]), np.sort(order[asked:])
    wanted = []
    for query in queries.tolist():
        cosines = sorted((-float(descriptors[query] @ descriptors[one]), one) for one in searched.tolist())
        wanted += [[query, one] for cosine, one in cosines[:neighbours] if -cosine >= RULES.burst_similarity]
    assert sorted(look_alikes(descriptors, queries, searched, neighbours, RULES).tolist()) == sorted(wanted)


def test_a_query_of_a_burst_with_a_training_photograph_is_told(synthesize: Synthesize) -> None:
    """Eight photographs of all points, 0, 3 ... 21: the features of all agree, so descriptors decide."""
    database, _ = synthesize()
    place = np.zeros(22, int)
    place[[0, 3, 6, 9, 12, 15, 18, 21]] = [0, 1, 0, 2, 1, 1, 3, 4]
    descriptors = np.eye(5, dtype=np.float32)[place]
    queries, training = np.array([12, 0, 18]), np.array([3, 6, 9, 15, 21])
    told = straddling_pairs(database, queries, training, descriptors, RULES)
    assert told.to_numpy().tolist() == [[0, 6], [12, 3], [12, 15]]
    assert told.dtypes.tolist() == ["int32", "int32"]
    strict = Reconstruct(burst_similarity=0.9, burst_overlap=1.0)
    with pycolmap.Database.open(database) as opened:
        for image in opened.read_all_images():  # one feature more, which matches nothing
            points = opened.read_keypoints(image.image_id)
            opened.update_keypoints(image.image_id, np.concatenate([points, points[:1]]))
    assert len(straddling_pairs(database, queries, training, descriptors, strict)) == 0
