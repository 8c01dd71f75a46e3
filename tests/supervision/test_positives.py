import numpy as np

from bitscape.supervision import positives as module
from bitscape.supervision.positives import draw_pairs, draw_positives, filled_up
from tests.supervision.known import make


def test_mined_pairs_are_drawn_once_each_and_filled_up_with_other_positives():
    pairs = [(0, 1), (0, 2), (0, 3), (1, 0), (4, 5)]
    known = make(np.ones((6, 1)), "geometry", pairs=pairs)
    drawn = draw_positives(known, 10, 3, np.random.default_rng(0))
    assert sorted(map(tuple, drawn[:, :2])) == sorted(pairs)
    for query, *positives in drawn:
        there = [positive for positive in positives if positive >= 0]
        assert sorted(there) == sorted(positive for one, positive in pairs if one == query)
    assert len(draw_positives(known, 2, 3, np.random.default_rng(0))) == 2


def test_a_mined_pair_is_drawn_without_looking_for_other_positives(monkeypatch):
    pairs = [(0, 1), (0, 2), (0, 3), (1, 0), (4, 5)]
    known = make(np.ones((6, 1)), "geometry", pairs=pairs)
    rngs = [np.random.default_rng(0) for _ in range(3)]
    several = draw_positives(known, 4, 2, rngs[1])
    assert draw_pairs(known, rngs[2])[:4].tolist() == several[:, :2].tolist()
    monkeypatch.setattr(module, "_partners", None)
    assert draw_positives(known, 4, 1, rngs[0]).tolist() == several[:, :2].tolist()
    assert rngs[0].random() == rngs[1].random()  # the epoch goes on with the same numbers


def test_what_is_mined_is_put_together_once(monkeypatch):
    known = make(np.ones((6, 1)), "geometry", pairs=[(0, 1), (0, 2), (0, 3), (1, 0), (4, 5)])
    monkeypatch.setattr(module, "QUERIES_PER_BLOCK", 2)
    mined, calls = module._mined, []
    monkeypatch.setattr(module, "_mined", lambda known: calls.append(1) or mined(known))
    draw_positives(known, 5, 3, np.random.default_rng(0))
    assert len(calls) == 1


def test_pairs_from_labels_are_one_for_each_photograph_with_company():
    labels = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]])
    drawn = draw_pairs(make(labels), np.random.default_rng(3))
    assert drawn.tolist() == draw_positives(make(labels), 10, 1, np.random.default_rng(3)).tolist()
    assert sorted(drawn[:, 0].tolist()) == [0, 1, 2]


def test_positives_share_a_label_and_lonely_photographs_are_no_queries():
    labels = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]])
    drawn = draw_positives(make(labels), 10, 4, np.random.default_rng(0))
    found = {int(query): sorted(p for p in positives if p >= 0) for query, *positives in drawn}
    assert found == {0: [1], 1: [0, 2], 2: [1]}


def test_draws_are_those_of_the_generator_alone():
    known = make(np.eye(4, dtype=int)[np.arange(40) % 4])
    first, second, other = (draw_positives(known, 20, 2, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert (first == second).all()
    assert (first != other).any()


def test_every_positive_is_drawn_equally_often():
    known = make(np.ones((5, 1), dtype=int))
    rng = np.random.default_rng(0)
    counts = np.zeros((5, 5))
    for _ in range(1000):
        for query, positive in draw_positives(known, 5, 1, rng):
            counts[query, positive] += 1
    assert (np.diag(counts) == 0).all()
    others = counts[~np.eye(5, dtype=bool)]
    assert np.abs(others - 250).max() < 5 * np.sqrt(250 * 0.75)


def test_a_batch_is_filled_up_once_each_to_its_size_or_to_all():
    images = np.array([7, 2, 7, 5])
    for size, expected in ((2, 3), (3, 3), (6, 6), (50, 9)):
        found = filled_up(images, 9, size, np.random.default_rng(0))
        assert len(found) == expected
        assert (np.diff(found) > 0).all()
        assert np.isin(images, found).all()
    drawn = {tuple(filled_up(images, 9, 5, np.random.default_rng(seed))) for seed in range(300)}
    assert len(drawn) == 15  # any two of the six others
