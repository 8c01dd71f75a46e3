import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bitscape.collection.sample.noise import fractal, hash01, value_noise

whole = st.integers(-(2**40), 2**40)
near = st.floats(-500, 500)


def test_the_hash_is_the_same_everywhere() -> None:
    """Worked out with Python's own integers."""

    def slow(*numbers: int) -> float:
        primes = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5)
        mask, h = 2**64 - 1, 0
        for number, prime in zip(numbers, primes, strict=True):
            h ^= number * prime & mask
        h = (h ^ h >> 33) * 0xFF51AFD7ED558CCD & mask
        h = (h ^ h >> 29) * 0xC4CEB9FE1A85EC53 & mask
        return ((h ^ h >> 33) >> 40) / 2**24

    for numbers in ((0, 0, 0, 0), (1, -2, 3, 4), (-(2**33), 7, 10**12, 5)):
        assert hash01(*numbers) == slow(*numbers)


@given(whole, whole, whole, whole)
def test_hashes_lie_in_the_unit_interval(x: int, y: int, z: int, seed: int) -> None:
    assert 0 <= hash01(x, y, z, seed) < 1


@given(near, near, near, st.integers(0, 10**9))
def test_noise_is_bounded_and_smooth(x: float, y: float, z: float, seed: int) -> None:
    here = value_noise(x, y, z, seed)
    assert abs(here) <= 1
    assert abs(value_noise(x + 1e-4, y, z, seed) - here) < 1e-3


def test_fractal_noise_is_centred_and_fades_below_a_pixel() -> None:
    at = np.random.default_rng(0).uniform(-100, 100, (4000, 3))
    fine = np.array([fractal(*p, 3, 2.0, 6, 0.01) for p in at])
    assert abs(fine.mean()) < 0.02
    assert 0.2 < fine.std() < 0.45
    assert all(fractal(*p, 3, 2.0, 6, 5.0) == 0 for p in at[:50])
