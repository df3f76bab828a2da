import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuralcodec.bitstream.varint import MAX_VARINT, from_varint, to_varint
from neuralcodec.errors import DamagedFileError


@pytest.mark.parametrize(
    "value, data", [(0, "00"), (127, "7f"), (128, "8001"), (300, "ac02"), (MAX_VARINT, "80808080808040")]
)
def test_bytes(value, data):
    assert to_varint(value).hex() == data


@given(st.integers(0, MAX_VARINT), st.binary(max_size=3), st.binary(max_size=3))
def test_round_trip(value, before, after):
    data = to_varint(value)
    assert from_varint(before + data + after, len(before)) == (value, len(before + data))


@pytest.mark.parametrize(
    "data",
    [
        "",
        "80",
        "8000",  # longer than needed
        "ff8000",
        "81808080808040",  # beyond 2^48
        "ffffffffffffffff7f",
        "80" * 100000,
    ],
)
def test_impossible_numbers_are_refused(data):
    with pytest.raises(DamagedFileError):
        from_varint(bytes.fromhex(data), 0)
