"""The copy of the header at the end: a flipped byte anywhere costs at most its block, and so does a lost beginning."""

import dataclasses
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuralcodec.bitstream.container import ContainerReader, ContainerWriter
from neuralcodec.bitstream.header import Header, to_crc, write_header
from neuralcodec.bitstream.header_copy import read_copy, write_copy
from neuralcodec.errors import DamagedFileError, FormatError, NewerVersionError, TruncatedFileError

HEADER = Header("cq-24k", b"8 bytes!", 44100, 100_000, 36_281, 2, -3, tags={"title": "a"}, has_copy=True)
BLOCKS = [[b"side 0", b"first 0", b"second 0" * 40], [b"side 1", b"", b"second 1"], [b"", b"", b""]]


def written(header, blocks):
    writer, file = ContainerWriter(header), io.BytesIO()
    for payloads in blocks:
        writer.add_block(payloads)
    size = writer.size
    writer.finish(file)
    assert len(file.getvalue()) == size
    return file.getvalue()


DATA = written(HEADER, BLOCKS)


def survivors(data):
    """The blocks that can be read, and None in the place of others."""
    reader, blocks = ContainerReader(io.BytesIO(data), use_copy=True), []
    for number in range(len(reader)):
        try:
            blocks.append(reader.read_block(number))
        except DamagedFileError:
            blocks.append(None)
    return blocks


def test_bytes_are_the_documented_ones():
    fields = b"\x06cq-24k" + b"8 bytes!" + bytes.fromhex("c4d802 a08d06 b99b02 02 fdff 32 d302 14 06")
    copy = fields + to_crc(fields) + bytes([len(fields) + 4, 0, 0])
    assert DATA.endswith(to_crc(b"\0\0") + b"\0\0" + copy)
    assert DATA[3] == 2 and b"\x0b\x01\x07title=a\x02\x00" in DATA[:60]


def test_a_gain_is_in_it():
    data = written(dataclasses.replace(HEADER, gain=23), BLOCKS)
    fields = b"\x06cq-24k" + b"8 bytes!" + bytes.fromhex("c4d802 a08d06 b99b02 02 fdff 32 17 d302 14 06")
    assert data.endswith(fields + to_crc(fields) + bytes([len(fields) + 4, 0, 0]))
    for at in range(len(data)):
        damaged = bytearray(data)
        damaged[at] ^= 1
        reader = ContainerReader(io.BytesIO(damaged), use_copy=True)
        assert reader.header.gain == 23 and sum(block is None for block in survivors(bytes(damaged))) <= 1
    assert ContainerReader(io.BytesIO(DATA), use_copy=True).header.gain == 0


def test_it_does_not_disturb():
    assert list(ContainerReader(io.BytesIO(DATA))) == BLOCKS
    assert survivors(DATA) == BLOCKS


def test_files_without_a_copy_are_read_as_ever():
    """What was written before there were copies."""
    data = written(dataclasses.replace(HEADER, has_copy=False, tags={}), BLOCKS)
    assert data[3] == 1 and data.endswith(to_crc(b"\0\0") + b"\0\0")
    assert list(ContainerReader(io.BytesIO(data))) == BLOCKS
    with pytest.raises(DamagedFileError, match="header is damaged"):
        ContainerReader(io.BytesIO(data[:20] + b"!" + data[21:]), use_copy=True)


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_a_flipped_byte_anywhere_costs_at_most_its_block(flip):
    for position in range(len(DATA)):
        damaged = bytearray(DATA)
        damaged[position] ^= flip
        found = survivors(bytes(damaged))
        assert len(found) == 3 and sum(block is None for block in found) <= 1
        assert all(block in (None, expected) for block, expected in zip(found, BLOCKS))
        with pytest.raises(FormatError):
            list(ContainerReader(io.BytesIO(bytes(damaged))))


def test_a_damaged_copy_costs_nothing():
    data = DATA[:-20] + b"!" + DATA[-19:]
    assert survivors(data) == BLOCKS
    with pytest.raises(DamagedFileError, match="copy of the file's header, behind its last block, is damaged"):
        list(ContainerReader(io.BytesIO(data)))
    with pytest.raises(DamagedFileError, match="Foreign"):
        list(ContainerReader(io.BytesIO(DATA + b"x")))
    for end in (1, 5, 30):
        with pytest.raises(TruncatedFileError, match="ends within the copy"):
            list(ContainerReader(io.BytesIO(DATA[:-end])))


@pytest.mark.parametrize("size", [1, 3, 4, 20, DATA.index(b"side 0") - 6])
def test_a_lost_beginning(size):
    for data in (bytes(size) + DATA[size:], b"\xff" * size + DATA[size:], DATA[size:]):
        reader = ContainerReader(io.BytesIO(data), use_copy=True)
        assert reader.header == dataclasses.replace(HEADER, tags={}) and reader.header_error is not None
        assert list(reader) == BLOCKS
        with pytest.raises(FormatError):
            ContainerReader(io.BytesIO(data))


def test_a_later_version_is_not_read_by_the_copy():
    plain = write_header(dataclasses.replace(HEADER, tags={}, has_copy=False), [60, 20, 6])[5:-4]
    index, field = plain[-3:], b"\x06\x01x"  # an optional field that has to be understood
    content = plain[:-3] + bytes([len(field)]) + field + index
    start = b"NAC\x02" + bytes([len(content)]) + content
    with pytest.raises(NewerVersionError, match="field in its header"):
        ContainerReader(io.BytesIO(start + to_crc(start) + DATA[-100:]), use_copy=True)


def test_a_recording_of_no_samples():
    empty = dataclasses.replace(HEADER, num_samples=0, num_samples_16k=0, tags={})
    data = written(empty, [])
    assert list(ContainerReader(io.BytesIO(data))) == [] == list(ContainerReader(io.BytesIO(data[9:]), use_copy=True))


def test_what_it_costs():
    """A file of three seconds and four blocks of 9 kbps."""
    header = Header("cq-9k", b"8 bytes!", 16000, 48000, 48000, 2)
    with_copy, sizes = dataclasses.replace(header, has_copy=True), [1100, 1100, 1100, 100]
    copy = write_copy(with_copy, sizes)
    assert write_copy(header, sizes) == b"" and len(copy) == 40
    assert len(write_header(with_copy, sizes) + copy) - len(write_header(header, sizes)) == 43


@given(st.binary(max_size=80), st.integers(0, 90))
def test_any_end_is_read_or_refused(content, size):
    for data in (content, content + to_crc(content) + bytes([size, 0, 0]),
                 content + to_crc(content) + bytes([len(content) + 4, 0, 0])):
        try:
            header, sizes, start = read_copy(io.BytesIO(data))
        except DamagedFileError:
            continue
        assert 0 <= start and start + sizes.sum() == len(data) and len(sizes) == header.num_blocks


def test_a_copy_that_announces_more_than_there_is():
    copy = write_copy(HEADER, [60, 20, 6])
    with pytest.raises(DamagedFileError):
        read_copy(io.BytesIO(copy))
    assert read_copy(io.BytesIO(bytes(86) + copy))[2] == 0
