import numpy as np
import pytest
from PIL import Image

from benchmarks.near_duplicates import PASSED_ON
from bitscape.collection.look import Look, look
from bitscape.collection.near_duplicates import near_duplicates
from tests.collection.pictures import picture

RADIUS = 8


@pytest.mark.parametrize("how", PASSED_ON)
@pytest.mark.parametrize("size", [(160, 120), (2400, 1600)])
def test_a_picture_that_was_passed_on_is_found(how: str, size: tuple[int, int]) -> None:
    originals = [picture(seed, size) for seed in range(5)]
    looks = [look(np.asarray(image)) for image in [*originals, *map(PASSED_ON[how], originals)]]
    assert near_duplicates(looks, RADIUS).tolist() == [*range(5)] * 2


def test_other_pictures_are_not() -> None:
    looks = [look(np.asarray(picture(seed))) for seed in range(200)]
    assert near_duplicates(looks, RADIUS).tolist() == [*range(200)]


@pytest.mark.parametrize("level", [0, 1, 128, 255])
def test_a_blank_picture_looks_like_nothing_even_with_noise(level: int) -> None:
    noise = np.random.default_rng(level).normal(level, 8, (300, 400, 3))
    assert look(np.clip(noise, 0, 255).astype(np.uint8)) is None
    assert look(np.full((300, 400, 3), level, np.uint8)) is None


def test_the_brightness_is_not_hashed() -> None:
    grey = np.asarray(picture(0)) // 3
    dark, bright = look(grey), look(grey + 150)
    assert isinstance(dark, Look)
    assert dark.hash == bright.hash
    assert dark.hash[0] < 128  # the first bit


def test_any_shape_has_a_look() -> None:
    for size in ((1, 1), (3, 500), (8000, 60)):
        image = Image.effect_noise(size, 200).convert("RGB")
        assert look(np.asarray(image)) is None or len(look(np.asarray(image)).thumbnail) == 256
