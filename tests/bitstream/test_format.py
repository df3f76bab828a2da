"""A decoder that was written from docs/format.md alone reads what is written."""

import io
import zlib

import pytest
from documented_decoder import as_frames, read_copy, read_file, read_packet

from neuralcodec.bitstream.container import ContainerWriter
from neuralcodec.bitstream.frames import Frames
from neuralcodec.bitstream.header import Header
from neuralcodec.bitstream.packet import write_packet
from neuralcodec.bitstream.payloads import encode_block


@pytest.mark.parametrize("gain", [0, 1, 60])
def test_the_documented_copy_of_the_header(random_frames, tables, gain):
    header = Header("test", b"8 bytes!", 8000, 512, 1024, 2, -7, frames_per_block=3, tags={"title": "a"},
                    has_copy=True, gain=gain)
    writer, file = ContainerWriter(header), io.BytesIO()
    for block in random_frames(21, 6, 2).blocks(3):
        writer.add_block(encode_block(block, tables, -7))
    writer.finish(file)
    name, length, step_index, starts = read_copy(file.getvalue())
    assert (name, length, step_index) == ("test", 1024, -7)
    end_of_all = len(file.getvalue()) - 3 - int.from_bytes(file.getvalue()[-3:], "little")
    for start, end in zip(starts, [*starts[1:], end_of_all], strict=True):
        block = file.getvalue()[start:end]
        assert zlib.crc32(block[4:]) == int.from_bytes(block[:4], "little")


@pytest.mark.parametrize(
    "alphabets, spread, step_index",
    [("tables", 1.0, 0), ("tables", 6.0, -160), ("small_alphabets", 2.0, 72), ("predicted_tables", 2.0, 72),
     ("slow_predicted_tables", 1.0, 0)],
)
@pytest.mark.parametrize("tags", [{}, {"title": "Öl", "date": "1999"}], ids=["plain", "tagged"])
def test_the_documented_decoder_reads_what_is_written(request, random_frames, alphabets, spread, step_index, tags):
    tables = request.getfixturevalue(alphabets)
    frames = random_frames(21, 6, len(tables.modules), spread, tables)
    header = Header("test", b"8 bytes!", 8000, 512, 1024, len(tables.modules), step_index, frames_per_block=3,
                    tags=tags, has_copy=bool(tags), gain=7 * len(tags))
    writer, file = ContainerWriter(header), io.BytesIO()
    for block in frames.blocks(3):
        writer.add_block(encode_block(block, tables, step_index))
    writer.finish(file)

    assert Frames.concatenate(list(map(as_frames, read_file(file.getvalue(), tables)))) == frames


@pytest.mark.parametrize("hop, spread, step_index", [(160, 2.0, 0), (160, 20.0, 72), (80, 1.0, -160)])
def test_the_documented_decoder_reads_nested_modules(nested_tables, nested_frames, hop, spread, step_index):
    tables = nested_tables(hop)
    frames = nested_frames(hop, 6, spread)
    header = Header("test", b"8 bytes!", 8000, 512, 1024, 3, step_index, frames_per_block=3)
    writer, file = ContainerWriter(header), io.BytesIO()
    for block in frames.blocks(3):
        writer.add_block(encode_block(block, tables, step_index))
    writer.finish(file)
    assert Frames.concatenate(list(map(as_frames, read_file(file.getvalue(), tables)))) == frames


@pytest.mark.parametrize("alphabets", ["tables", "small_alphabets", "predicted_tables", "nested"])
def test_the_documented_decoder_reads_packets(request, random_frames, nested_tables, nested_frames, alphabets):
    if alphabets == "nested":
        tables, frames = nested_tables(160), nested_frames(160, 5, 2.0)
    else:
        tables = request.getfixturevalue(alphabets)
        frames = random_frames(21, 5, len(tables.modules), 1.0, tables)
    for modules, left in ((1, None), (3, -320)):
        packet = write_packet(frames[3:].first(modules), tables, 72, frames[:3], left)
        found, before, end = read_packet(packet, tables, 72)
        assert as_frames(found) == frames[3:].first(modules) and as_frames(before) == frames[:3].first(1)
        assert end == left
