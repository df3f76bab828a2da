import dataclasses
import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuralcodec.bitstream.header import (
    MAGIC,
    Header,
    read_header,
    to_crc,
    write_header,
)
from neuralcodec.bitstream.varint import to_varint
from neuralcodec.errors import (
    DamagedFileError,
    FormatError,
    NewerVersionError,
    NotANacFileError,
    TruncatedFileError,
)

HEADER = Header("cq-24k", b"8 bytes!", 44100, 100_000, 36_281, 2, -3)
SIZES = [3000, 2999, 300]


def file_of(body, start=MAGIC + b"\1"):
    """A header with a correct length and CRC around any body."""
    data = start + to_varint(len(body)) + body
    return io.BytesIO(data + to_crc(data))


class Pipe(io.BytesIO):
    """Does not tell how long it is."""

    def seekable(self):
        return False


@st.composite
def headers(draw):
    sample_rate = draw(st.integers(1, 768000))
    num_samples = draw(st.integers(0, 30 * sample_rate))
    exact = num_samples * 16000 // sample_rate
    return Header(
        preset=draw(st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=50)),
        preset_hash=draw(st.binary(min_size=8, max_size=8)),
        sample_rate=sample_rate,
        num_samples=num_samples,
        num_samples_16k=draw(st.integers(max(exact - 1, 0), exact + 2)),
        num_modules=draw(st.integers(1, 4)),
        step_index=draw(st.integers(-512, 512)),
        frames_per_block=draw(st.integers(1, 50)),
    )


@given(headers())
def test_round_trip(header):
    smallest, largest = header.min_block_bytes, header.max_block_bytes
    sizes = [(smallest, largest, smallest + number)[number % 3] for number in range(header.num_blocks)]
    file = Pipe(write_header(header, sizes) + b"blocks")
    found, found_sizes = read_header(file)
    assert (found, found_sizes.tolist()) == (header, sizes)
    assert file.read() == b"blocks"


@pytest.mark.parametrize("num_bytes, known", [(0, 1), (5, 1), (6, 2), (12, 3), (10_000, 3)])
def test_sizes_of_blocks_that_cannot_be_there_are_not_read(num_bytes, known):
    """A block has 6 bytes at least."""
    _, sizes = read_header(io.BytesIO(write_header(HEADER, SIZES) + bytes(num_bytes)))
    assert sizes.tolist() == SIZES[:known]


def test_bytes_are_the_documented_ones():
    data = write_header(HEADER, SIZES)
    body = b"\x06cq-24k" + b"8 bytes!" + bytes.fromhex("c4d802 a08d06 b99b02 02 fdff 32 b817 b717 ac02")
    start = b"NAC\x01" + bytes([len(body)]) + body
    assert data == start + to_crc(start)
    assert to_crc(b"123456789").hex() == "2639f4cb"  # the check value of CRC-32, lowest byte first


@pytest.mark.parametrize(
    "length, frames, blocks", [(0, 0, 0), (1, 3, 1), (320, 3, 1), (321, 4, 1), (15360, 50, 1), (15361, 51, 2)]
)
def test_frames_and_blocks(length, frames, blocks):
    header = dataclasses.replace(HEADER, sample_rate=16000, num_samples=length, num_samples_16k=length)
    assert (header.num_frames, header.num_blocks) == (frames, blocks)
    assert sum(header.block_frames(number) for number in range(blocks)) == frames


def test_times():
    assert HEADER.seconds == pytest.approx(2.2676, abs=1e-4)
    assert HEADER.block_seconds(1) == (1.0, 2.0)
    assert HEADER.block_seconds(2) == (2.0, 36281 / 16000)


@pytest.mark.parametrize(
    "change",
    [
        {"preset": ""},
        {"preset": "x" * 201},
        {"preset": "red\x1b[31m"},
        {"preset_hash": b"7 bytes"},
        {"sample_rate": 0},
        {"sample_rate": 768001},
        {"num_samples": -1},
        {"num_samples": (1 << 48) + 1},
        {"num_samples_16k": 36_281 + 3},
        {"num_samples_16k": 36_281 - 3},
        {"num_modules": 0},
        {"num_modules": 5},
        {"step_index": 513},
        {"frames_per_block": 0},
        {"frames_per_block": 51},
    ],
)
def test_impossible_values_are_refused(change):
    with pytest.raises(ValueError):
        dataclasses.replace(HEADER, **change)


def test_foreign_files():
    for data in (b"", b"N", b"RIFF....WAVE"):
        with pytest.raises(NotANacFileError):
            read_header(io.BytesIO(data))


def test_later_versions():
    with pytest.raises(NewerVersionError, match="version 3"):
        read_header(io.BytesIO(b"NAC\x03 whatever comes"))


def test_version_0_never_was():
    with pytest.raises(DamagedFileError):
        read_header(file_of(b"", b"NAC\x00"))


def test_truncated_headers():
    data = write_header(HEADER, SIZES)
    for length in range(3, len(data)):
        with pytest.raises(TruncatedFileError):
            read_header(io.BytesIO(data[:length]))


BODY = write_header(HEADER, SIZES)[5:-4]
NAME = BODY[:7]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        BODY[:-1],  # a block missing in the index
        BODY + b"\x01",
        NAME[:1] + b"\xff" * 6 + BODY[7:],  # not UTF-8
        to_varint(1 << 40) + BODY[1:],  # a name longer than the file
        BODY[:-6] + to_varint(1 << 40) + BODY[-4:],  # a block that large
        BODY[:-6] + b"\x05" + BODY[-4:],  # a block that has no room for its CRC and lengths
        BODY[:15] + to_varint(16000) + to_varint(1 << 48) * 2 + b"\x01\x00\x01" + bytes(1000),  # ages of audio
    ],
)
def test_hostile_headers_are_refused_without_allocation(body):
    tracemalloc.start()
    try:
        with pytest.raises(DamagedFileError):
            read_header(file_of(body))
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("length", [to_varint(1 << 47), to_varint(1 << 22), b"\xff" * 20, b"\x80\x00"])
def test_hostile_lengths_are_refused_without_allocation(length):
    tracemalloc.start()
    try:
        with pytest.raises(DamagedFileError):
            read_header(io.BytesIO(b"NAC\x01" + length + bytes(100)))
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=100))
def test_any_body_is_read_or_refused(body):
    try:
        read_header(Pipe(file_of(body).getvalue()))
    except FormatError:
        pass
