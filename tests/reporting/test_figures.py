import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from bitscape.hamming.ranking import Histograms
from bitscape.reporting.figures import draw_comparison, draw_first_ranks, draw_quality, draw_radii
from bitscape.reporting.method_figure import draw_method
from bitscape.reporting.result import Result
from bitscape.reporting.style import DARK, LIGHT, png
from bitscape.retrieval.precision_recall import Curve


def make_result(method, bits, value, epochs=3):
    history = {
        "epoch": np.arange(epochs),
        "map_expected": np.linspace(0.1, value, epochs),
        "loss": np.arange(epochs, 0.0, -1),
    }
    return Result(
        method,
        bits,
        metrics={"map_expected": value},
        curve=Curve(np.array([0.2, 1.0]), np.array([0.9, 0.3])),
        counts=Histograms(np.ones((2, bits + 1), int) * 2, np.eye(2, bits + 1, dtype=int)),
        history=history,
        epoch=epochs - 1,
    )


def test_a_figure_shows_the_values_of_each_method_in_the_order_of_the_lengths():
    results = [make_result("bcdh", 64, 0.8), make_result("lsh", 16, 0.3), make_result("bcdh", 16, 0.5)]
    (panel,) = draw_quality(results, ["lsh", "bcdh"], "map_expected", 0.2).axes
    drawn = {line.get_label(): np.array(line.get_xydata()).tolist() for line in panel.lines}
    assert drawn["LSH"] == [[16, 0.3]]
    assert drawn["BCDH"] == [[16, 0.5], [64, 0.8]]
    assert [y for _, y in drawn["random order"]] == [0.2, 0.2]


def test_the_histograms_of_distances_add_up_to_one_each():
    axes = draw_method(make_result("lsh", 8, 0.5), 0).axes
    for line in axes[1].lines:
        assert np.sum(line.get_ydata()) == pytest.approx(1)


def test_the_course_of_training_is_left_out_where_there_is_none():
    assert len(draw_method(make_result("lsh", 8, 0.5, epochs=1), 0).axes) == 2
    training = draw_method(make_result("bcdh", 8, 0.5), 0).axes[2]
    labels = [line.get_label() for line in training.lines]
    assert labels == ["loss / 3", "mAP on query_val", "chosen epoch"]
    assert training.lines[2].get_xydata().tolist() == [[2, 0.5]]


def test_nothing_at_all_can_be_drawn():
    assert Image.open(io.BytesIO(png(draw_comparison([], ["lsh"], "map_expected", float("nan"), 64)))).width > 500


def test_equal_figures_have_equal_bytes_without_any_text_in_the_file():
    drawn = [png(draw_method(make_result("bcdh", 8, 0.5), 1)) for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert Image.open(io.BytesIO(drawn[0])).text == {}


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_paper_has_the_colour_of_the_page(theme):
    picture = Image.open(io.BytesIO(png(draw_method(make_result("bcdh", 8, 0.5), 1, theme)))).convert("RGB")
    assert "#{:02x}{:02x}{:02x}".format(*picture.getpixel((1, 1))) == theme.paper


def test_the_first_ranks_and_the_radii_leave_out_queries_that_nothing_is_relevant_to():
    result = make_result("bcdh", 8, 0.5)
    counts = Histograms(np.r_[result.counts.items, [[5] * 9]], np.r_[result.counts.relevant, [[0] * 9]])
    more = replace(result, counts=counts, database=np.zeros((18, 1), np.uint8))
    for draw, first in ((draw_first_ranks, 0.25), (draw_radii, 0.25)):
        (panel,) = draw([more], ["bcdh"], 8).axes
        assert panel.lines[0].get_ydata()[0] == pytest.approx(first)
