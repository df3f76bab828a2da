import io
import os
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuralcodec.bitstream.container import ContainerReader, ContainerWriter, file_size
from neuralcodec.bitstream.header import Header, to_crc
from neuralcodec.bitstream.payloads import decode_blocks, encode_block
from neuralcodec.errors import (
    DamagedFileError,
    FormatError,
    NotANacFileError,
    TruncatedFileError,
)


def header_for(num_blocks, num_modules=2):
    """A header of so many full blocks."""
    length = num_blocks * 16000 - 640 if num_blocks else 0
    return Header("test", b"8 bytes!", 16000, length, length, num_modules)


def write(header, blocks):
    file = io.BytesIO()
    writer = ContainerWriter(header)
    for payloads in blocks:
        writer.add_block(payloads)
    writer.finish(file)
    return file.getvalue()


BLOCKS = [[b"side 0", b"first 0", b"second 0"], [b"side 1", b"", b"second 1"], [b"", b"", b""]]
DATA = write(header_for(3), BLOCKS)
START = DATA.index(b"side 0") - 6  # of the first block


def read(data):
    return list(ContainerReader(io.BytesIO(data)))


@given(st.lists(st.lists(st.binary(max_size=300), min_size=3, max_size=3), max_size=5))
def test_blocks_come_back(blocks):
    assert read(write(header_for(len(blocks)), blocks)) == blocks


@pytest.mark.parametrize("num_frames, num_modules", [(0, 1), (3, 1), (50, 2), (51, 3), (120, 2)])
def test_frames_come_back(tables, random_frames, num_frames, num_modules):
    frames = random_frames(num_frames, num_frames, num_modules)
    length = max(0, num_frames - 2) * 320
    header = Header("test", b"8 bytes!", 16000, length, length, num_modules)
    blocks = frames.blocks()
    reader = ContainerReader(io.BytesIO(write(header, [encode_block(block, tables) for block in blocks])))
    counts = [reader.header.block_frames(number) for number in range(len(reader))]
    assert decode_blocks(list(reader), counts, tables) == blocks


def test_bytes_of_a_block_are_the_documented_ones():
    body = b"\x06\x07" + b"side 0" + b"first 0" + b"second 0"
    assert DATA[START:].startswith(to_crc(body) + body)


def test_blocks_in_any_order():
    reader = ContainerReader(io.BytesIO(DATA))
    assert [reader.read_block(number) for number in (2, 0, 0, 1)] == [BLOCKS[number] for number in (2, 0, 0, 1)]
    assert list(reader) == BLOCKS


def test_a_file_inside_another():
    file = io.BytesIO(b"before" + DATA)
    file.seek(6)
    reader = ContainerReader(file)
    assert reader.read_block(1) == BLOCKS[1]
    assert reader.read_block(0) == BLOCKS[0]


class Pipe(io.RawIOBase):
    """Delivers a byte at a time and cannot seek."""

    def __init__(self, data):
        self._data = io.BytesIO(data)

    def readable(self):
        return True

    def readinto(self, buffer):
        return self._data.readinto(memoryview(buffer)[:1])


def test_pipes():
    reader = ContainerReader(Pipe(DATA))
    assert list(reader) == BLOCKS
    with pytest.raises(ValueError, match="order"):
        reader.read_block(0)


def test_real_pipe():
    readable, writable = os.pipe()
    with os.fdopen(readable, "rb") as source, os.fdopen(writable, "wb") as sink:
        sink.write(DATA)  # less than a pipe holds
        sink.close()
        assert list(ContainerReader(source)) == BLOCKS


def damaged_blocks(file):
    """Numbers of the blocks that cannot be read."""
    reader, damaged = ContainerReader(file), []
    for number in range(len(reader)):
        try:
            reader.read_block(number)
        except DamagedFileError:
            damaged.append(number)
    return damaged


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_every_changed_byte_is_noticed(flip):
    for position in range(len(DATA)):
        damaged = bytearray(DATA)
        damaged[position] ^= flip
        with pytest.raises(FormatError):
            read(bytes(damaged))
        if position >= START:
            assert len(damaged_blocks(io.BytesIO(damaged))) == 1


def test_every_truncation_is_noticed():
    for length in range(len(DATA)):
        expected = NotANacFileError if length < 3 else TruncatedFileError
        with pytest.raises(expected):
            read(DATA[:length])


@pytest.mark.parametrize("make", [io.BytesIO, Pipe])
def test_foreign_bytes_after_the_end_are_noticed(make):
    reader = ContainerReader(make(DATA + b"x"))
    with pytest.raises(DamagedFileError, match="follow"):
        list(reader)


@pytest.mark.parametrize("make", [io.BytesIO, Pipe])
def test_damage_stays_in_its_block(make):
    damaged = DATA.replace(b"second 1", b"second!1")
    reader = ContainerReader(make(damaged))
    assert reader.read_block(0) == BLOCKS[0]
    with pytest.raises(DamagedFileError, match=r"Block 1 .*\(1.0 to 2.0 s\)"):
        reader.read_block(1)
    assert reader.read_block(2) == BLOCKS[2]
    assert damaged_blocks(make(damaged)) == [1]
    assert damaged_blocks(make(DATA)) == []
    assert damaged_blocks(make(DATA[:-10])) == [1, 2]


def test_truncation_says_where():
    with pytest.raises(TruncatedFileError, match="ends at 2.0 s of its 3.0 s"):
        read(DATA[:-1])


@pytest.mark.parametrize("lengths", [b"\x0f\x01", b"\x00\x80\x00", b"\xff\xff", b"\xff" * 8])
def test_hostile_payload_lengths_are_refused(lengths):
    body = lengths + b"14 bytes of it"[: 16 - len(lengths)]
    data = write(header_for(1), [[b"", b"", b"x" * 14]])  # a block of 4 bytes CRC, 2 bytes lengths, 14 bytes
    with pytest.raises(DamagedFileError):
        read(data[:-20] + to_crc(body) + body)


def test_the_length_may_come_last():
    writer = ContainerWriter(header_for(0))
    for payloads in BLOCKS:
        writer.add_block(payloads)
    writer.header = header_for(3)
    file = io.BytesIO()
    writer.finish(file)
    assert file.getvalue() == DATA


def test_wrong_numbers_of_blocks_and_payloads():
    writer = ContainerWriter(header_for(3))
    with pytest.raises(ValueError, match="3 payloads"):
        writer.add_block([b"side", b"first"])
    with pytest.raises(ValueError, match="3 blocks"):
        writer.finish(io.BytesIO())


def test_an_hour_fits_in_constant_memory(tmp_path):
    payloads = [os.urandom(300), os.urandom(1500), os.urandom(1200)]
    tracemalloc.start()
    try:
        with open(tmp_path / "hour.nac", "wb") as file:
            writer = ContainerWriter(header_for(3600))
            for _ in range(3600):
                writer.add_block(payloads)
            writer.finish(file)
        with open(tmp_path / "hour.nac", "rb") as file:
            assert sum(block == payloads for block in ContainerReader(file)) == 3600
        assert tracemalloc.get_traced_memory()[1] < 3 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("num_blocks", [0, 1, 3, 200])
def test_the_size_of_a_file_follows_from_those_of_its_payloads(num_blocks):
    blocks = [[bytes(7 * i), bytes(130), bytes(100 * i)] for i in range(num_blocks)]
    data = write(header_for(num_blocks), blocks)
    assert file_size(header_for(num_blocks), [[*map(len, block)] for block in blocks]) == len(data)
