import numpy as np

from bitscape.hamming.codes import pack
from bitscape.search.signs import same_signs


def test_codes_are_the_signs_but_near_zero_and_nothing_but_zeros_fills_the_last_byte():
    outputs = np.random.default_rng(0).choice([-1.0, 1.0], (5, 12)).astype(np.float32)
    outputs[2, 11] = 1e-5
    codes = pack(outputs)
    assert same_signs(codes, outputs)
    near, far, filled = codes.copy(), codes.copy(), codes.copy()
    near[2, 1] ^= 0b0001_0000
    far[3, 1] ^= 0b0001_0000
    filled[2, 1] ^= 0b0000_0001
    assert [same_signs(one, outputs) for one in (near, far, filled)] == [True, False, False]
