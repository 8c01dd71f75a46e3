import base64
import io

import numpy as np
import pytest
from PIL import Image

from bitscape.reporting.gallery import SIDE, Thumbnails, choose_queries, top

NAN = np.nan
SCORES = np.array([[0.1, 0.9, 0.5, NAN, 0.5, 0.2], [0.9, 0.2, 0.5, 0.5, 0.6, 0.8]])


def test_the_first_half_are_the_queries_on_which_methods_differ_most_one_of_a_kind():
    assert choose_queries(SCORES, list("abcdef"), 4, seed=0)[:2] == [0, 1]
    assert choose_queries(SCORES, list("aabbcc"), 4, seed=0)[:2] == [0, 5]


def test_every_query_with_a_score_is_chosen_once_where_all_are_wanted():
    assert sorted(choose_queries(SCORES, ["one kind"] * 6, 100, seed=0)) == [0, 1, 2, 4, 5]
    assert choose_queries(SCORES, ["one kind"] * 6, 0, seed=0) == []


def test_the_choice_depends_on_nothing_but_the_seed():
    scores = np.random.default_rng(0).random((3, 50))
    kinds = list(range(50))
    assert choose_queries(scores, kinds, 6, seed=1) == choose_queries(scores, kinds, 6, seed=1)
    assert choose_queries(scores, kinds, 6, seed=1)[3:] != choose_queries(scores, kinds, 6, seed=2)[3:]


def test_results_are_the_nearest_and_ties_keep_the_order_of_the_database():
    database = np.array([[0b111], [0b1], [0b0], [0b10]], np.uint8)
    hits = top(np.zeros(1, np.uint8), database, np.array([1, 0, 2, 1], np.int32), 3)
    assert hits == [(2, 0, True), (1, 1, False), (3, 1, True)]


def test_junk_is_not_shown():
    database = np.array([[0b111], [0b1], [0b0], [0b10]], np.uint8)
    hits = top(np.zeros(1, np.uint8), database, np.array([1, 0, -1, 1], np.int32), 2)
    assert hits == [(1, 1, False), (3, 1, True)]


@pytest.mark.parametrize("size", [(600, 400), (40, 60)])
def test_a_thumbnail_is_small_and_whole(tmp_path, size):
    Image.new("RGB", size, "orange").save(tmp_path / "photograph.jpg")
    made = Thumbnails(tmp_path)("photograph.jpg")
    kind, content = made.split(",")
    assert kind == "data:image/webp;base64"
    small = Image.open(io.BytesIO(base64.b64decode(content)))
    assert small.height <= SIDE
    assert small.width / small.height == pytest.approx(size[0] / size[1], rel=0.02)
