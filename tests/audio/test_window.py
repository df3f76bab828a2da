"""Views of a file: parts, patches, several at the same time."""

import io
import re

from hypothesis import given
from hypothesis import strategies as st

from neuralcodec.audio.window import Bytes, Window

DATA = bytes(range(256))


def content(window):
    return window.again().read()


def test_the_whole_file_from_several_places_at_once():
    one = Window(io.BytesIO(DATA))
    other = one.again()
    assert one.read(100) == DATA[:100] and other.read(3) == DATA[:3] and one.read() == DATA[100:]
    assert (one.seek(-6, 2), one.tell(), one.read(2), one.seek(1, 1)) == (250, 250, DATA[250:252], 253)


@given(st.dictionaries(st.integers(0, 50), st.binary(min_size=1, max_size=1), max_size=10), st.integers(0, 300),
       st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=5))
def test_patched_cut_and_joined(patches, stop, ranges):
    expected = bytearray(DATA)
    for offset, data in patches.items():
        expected[offset:offset + 1] = data
    window = Window(io.BytesIO(DATA)).patched(patches)
    assert content(window) == bytes(expected)
    window, expected = window.cut(stop), bytes(expected[:stop])
    assert content(window) == expected and window.size == len(expected)
    joined = window.joined([b"start", *(range(low, high) for low, high in ranges)])
    assert content(joined) == b"start" + b"".join(expected[low:high] for low, high in ranges)
    for at in (0, 3, 7):
        joined.seek(at)
        assert joined.read(9) == content(joined)[at:at + 9]


def test_an_error_looks_like_the_end_and_is_kept():
    class Broken(io.BytesIO):
        def read(self, *_):
            raise OSError("disk")

    window = Window(Broken(DATA))
    assert window.read(10) == b"" and str(window.error) == "disk"


def test_bytes_by_their_offsets():
    data = Bytes(Window(io.BytesIO(DATA * 9000)))  # more than are read at once
    assert data.get(5, 3) == DATA[5:8] and data.get(data.size - 2, 8) == DATA[-2:] and data.get(data.size, 4) == b""
    assert data.get((1 << 20) - 2, 4) == bytes([254, 255, 0, 1])
    assert data.find(bytes([255, 0, 1]), 0) == 255 and data.find(b"\xff\xff", 0) == -1
    assert data.find(bytes([255, 0]), (1 << 20) - 1) == (1 << 20) - 1
    assert data.search(re.compile(b"\xff[\x00-\x0f]"), 300) == 511 and data.search(re.compile(b"\xff\xff"), 0) is None
