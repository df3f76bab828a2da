"""The sizes of blocks, as bytes and back, in little memory."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuralcodec.bitstream.index import read_index, write_index
from neuralcodec.bitstream.varint import from_varint

LARGEST = 400_000


@given(st.lists(st.integers(5, LARGEST), max_size=200), st.data())
def test_sizes_come_back(sizes, data):
    wanted = data.draw(st.integers(0, len(sizes)))
    assert read_index(write_index(sizes), len(sizes), 5, LARGEST, wanted).tolist() == sizes[:wanted]


def test_more_than_one_piece():
    """Borders of pieces fall into the middle of a size, too."""
    sizes = np.random.default_rng(0).integers(5, LARGEST, 100_000)
    np.testing.assert_array_equal(read_index(write_index(sizes), len(sizes), 5, LARGEST, len(sizes)), sizes)


@pytest.mark.parametrize("data", [b"", b"\x05", b"\x05\x06\x07", b"\x05\x86", b"\x05\x04", b"\x05\xff\xff\x7f",
                                  b"\x05\x85\x00", b"\x05\xff\xff\xff\x01"])
def test_what_is_no_index_of_two_blocks(data):
    with pytest.raises(ValueError):
        read_index(data, 2, 5, LARGEST, 2)


@given(st.binary(max_size=40), st.integers(0, 10))
def test_any_bytes_are_read_or_refused(data, count):
    """The same as varint by varint."""
    try:
        found = read_index(data, count, 5, LARGEST, count).tolist()
    except ValueError:
        found = None
    try:
        expected, at = [], 0
        for _ in range(count):
            size, at = from_varint(data, at)
            assert 5 <= size <= LARGEST
            expected.append(size)
        assert at == len(data)
    except Exception:
        expected = None
    assert found == expected


def test_four_million_sizes_cost_little():
    data = bytes([5]) * (4 << 20)
    tracemalloc.start()
    try:
        assert len(read_index(data, len(data), 5, LARGEST, 10)) == 10
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
        tracemalloc.reset_peak()
        assert read_index(data, len(data), 5, LARGEST, len(data)).sum() == 5 * len(data)
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()
