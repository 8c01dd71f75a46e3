"""What is no photograph, told in a sentence, in whichever form it comes."""

import numpy as np
import pytest
from PIL import Image

import bitscape
from bitscape.core.errors import BitscapeError
from bitscape.search.encoding import listed, pixels
from tests.search.conftest import draw


def closed(path):
    image = Image.open(path)
    image.load()
    image.close()
    return image


def truncated(path):
    path.write_bytes(path.read_bytes()[:900])
    return Image.open(path)


@pytest.mark.parametrize("make", [closed, truncated, lambda path: Image.new("F", (9, 9))])
def test_a_pillow_image_that_cannot_be_read_is_told(tmp_path, make):
    draw(0, 0).save(tmp_path / "one.png")
    with pytest.raises(BitscapeError, match=r"A Pillow image of mode \w+ is not a photograph that can be read: .+\.$"):
        pixels(make(tmp_path / "one.png"))


@pytest.mark.parametrize("given", [None, 5, 1.5, b"a.png", [None], [5], np.zeros(3, np.uint8)])
def test_what_is_of_no_kind_of_photograph_is_told(given):
    with pytest.raises(BitscapeError, match=r"A photograph must be a file, an .+ array or a Pillow image, not "):
        [pixels(one) for one in listed(given)]


def test_a_grey_array_is_told_with_its_own_shape():
    with pytest.raises(BitscapeError, match=r"not uint8 \(3, 4\)"):
        [pixels(one) for one in listed(np.zeros((3, 4), np.uint8))]


@pytest.mark.parametrize("name", ["top", "depth"])
@pytest.mark.parametrize("value", [0, -5, 1.5, "3"])
def test_numbers_of_results_that_are_none_are_told_before_anything_is_encoded(saved, name, value):
    with pytest.raises(BitscapeError, match=f"{name} must be a whole number of at least 1, not {value!r}"):
        bitscape.load(saved).search("nobody.png", rerank="outputs", **{name: value})


def test_a_search_takes_numbers_of_numpy_and_no_depth_without_an_order(saved):
    bundle = bitscape.load(saved)
    assert len(bundle.search(np.asarray(draw(0, 0)), np.int64(3))[0]) == 3
    with pytest.raises(BitscapeError, match="top must be a whole number of at least 1, not None"):
        bundle.search("nobody.png", None)
    with pytest.raises(BitscapeError, match="depth 5 is of re-ranking; say also rerank"):
        bundle.search("nobody.png", depth=5)
