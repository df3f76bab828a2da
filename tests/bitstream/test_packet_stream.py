"""The header of a stream, and packets with their lengths."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuralcodec.bitstream.packet_stream import StreamHeader, read_with_lengths, with_length
from neuralcodec.errors import DamagedFileError, FormatError, NewerVersionError, NotAStreamError, PacketError

HEADER = StreamHeader("cq-24k", b"8 bytes!", -3)


class Dribble(io.RawIOBase):
    """A pipe that gives a byte at a time."""

    def __init__(self, data):
        self._data = io.BytesIO(data)

    def read(self, size=-1):
        return self._data.read(min(size, 1))


def test_header_comes_back():
    assert StreamHeader.from_bytes(HEADER.to_bytes()) == HEADER


def test_every_changed_byte_of_a_header_is_told():
    data = HEADER.to_bytes()
    for place in range(len(data)):
        with pytest.raises(FormatError):
            StreamHeader.from_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1:])
        with pytest.raises(FormatError):
            StreamHeader.from_bytes(data[:place])


@given(st.binary(max_size=60))
def test_any_bytes_are_a_header_or_a_sentence(data):
    for start in (b"", b"NAS", b"NAS\x01"):
        with pytest.raises(FormatError):
            StreamHeader.from_bytes(start + data)


def test_errors_say_what_it_is():
    with pytest.raises(NotAStreamError, match="stream-encode"):
        StreamHeader.from_bytes(b"RIFF")
    with pytest.raises(NewerVersionError, match="update"):
        StreamHeader.from_bytes(b"NAS\x02")
    with pytest.raises(DamagedFileError, match="start the stream again"):
        StreamHeader.from_bytes(b"NAS\x01")


@given(st.lists(st.none() | st.binary(min_size=1, max_size=400)))
def test_packets_come_back_from_a_pipe(packets):
    data = b"".join(map(with_length, packets))
    assert list(read_with_lengths(Dribble(data))) == packets


@pytest.mark.parametrize("data, message", [(b"\x05abcd", "within"), (b"\xff\xff\xff\x7f", "impossible"),
                                           (b"\x80", "impossible"), (b"\x80\x00", "impossible")])
def test_a_broken_pipe_of_packets_is_told(data, message):
    with pytest.raises(PacketError, match=message):
        list(read_with_lengths(io.BytesIO(data)))
