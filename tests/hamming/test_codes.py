import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bitscape.core.errors import BitscapeError
from bitscape.hamming.codes import code_bytes, pack, unpack, validate
from bitscape.hamming.ranking import distances

signs = arrays.arrays(np.int8, st.tuples(st.integers(0, 5), st.integers(1, 72)), elements=st.sampled_from([-1, 1]))


def test_the_first_bit_is_the_highest_and_the_sign_of_zero_is_plus_one():
    outputs = [[0.0, -0.1, -3, -1, -1, -1, -1, -1], [-1, -1, -1, -1, -1, -1, -0.5, 2.0]]
    assert pack(outputs).tolist() == [[0b10000000], [0b00000001]]


@given(signs)
def test_unpack_undoes_pack(codes):
    packed, bits = pack(codes), codes.shape[1]
    assert packed.shape[1] == code_bytes(bits) == int(np.ceil(bits / 8))
    assert np.array_equal(unpack(packed)[:, :bits], codes)
    assert (unpack(packed)[:, bits:] == -1).all()


@given(signs, st.data())
def test_what_fills_the_last_byte_changes_no_distance(codes, data):
    bits = codes.shape[1]
    others = data.draw(arrays.arrays(np.int8, (4, bits), elements=st.sampled_from([-1, 1])))
    by_sign = (bits - codes.astype(int) @ others.T.astype(int)) // 2
    assert np.array_equal(distances(pack(codes), pack(others)), by_sign)


@pytest.mark.parametrize("shape", [(3,), (3, 0), (2, 8, 1)])
def test_outputs_of_another_shape_are_refused(shape):
    with pytest.raises(BitscapeError, match=r"must have the shape \(rows, bits\)"):
        pack(np.zeros(shape))


def test_outputs_that_are_not_numbers_are_refused():
    with pytest.raises(BitscapeError, match="NaN"):
        pack(np.full((1, 8), np.nan))


@pytest.mark.parametrize("codes", [np.zeros((2, 1)), np.zeros(4, np.uint8), np.zeros((4, 0), np.uint8)])
def test_what_is_no_packed_code_is_refused_by_name(codes):
    with pytest.raises(BitscapeError, match=r"database\.npy must be packed codes"):
        validate(codes, "database.npy")
