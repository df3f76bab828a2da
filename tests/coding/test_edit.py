"""A file changed without decoding it."""

import dataclasses
import io

import pytest

from neuralcodec import Codec
from neuralcodec.bitstream.container import ContainerReader, ContainerWriter
from neuralcodec.bitstream.payloads import decode_blocks, encode_block
from neuralcodec.coding.edit import strip
from neuralcodec.errors import DamagedFileError
from neuralcodec.evaluation.metrics import score


@pytest.fixture(scope="module")
def codec(make_preset, tmp_path_factory):
    """Three modules with random weights."""
    return Codec.from_pretrained(make_preset(tmp_path_factory.mktemp("presets") / "three", hops=(320, 160, 80)))


@pytest.fixture(scope="module")
def coded(codec, clip):
    """Three seconds of speech as .nac."""
    return codec.encode(clip[0][16000:64000], 16000)


def stripped(data, num_modules):
    file = io.BytesIO()
    strip(ContainerReader(io.BytesIO(data)), num_modules, file)
    return file.getvalue()


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_stripped_is_what_fewer_modules_write(codec, coded, keep):
    reader, tables = ContainerReader(io.BytesIO(coded)), codec.preset.tables
    blocks = [reader.read_block(number) for number in range(len(reader))]
    counts = [reader.header.block_frames(number) for number in range(len(reader))]
    writer = ContainerWriter(dataclasses.replace(reader.header, num_modules=keep))
    for block in decode_blocks(blocks, counts, tables, reader.header.step_index, keep):
        writer.add_block(encode_block(block, tables, reader.header.step_index))
    expected = io.BytesIO()
    writer.finish(expected)
    assert stripped(coded, keep) == expected.getvalue()
    assert (expected.getvalue() == coded) == (keep == 3)


def test_fewer_modules_decode_to_the_same_audio_at_a_lower_quality(codec, clip, coded):
    original = clip[0][16000:64000]
    decoded = [codec.decode(stripped(coded, keep))[0] for keep in (1, 2, 3)]
    assert all(samples.shape == original.shape for samples in decoded)
    quality = [score(original, samples, ["si_sdr"])["si_sdr"] for samples in decoded]
    assert 5 < quality[0] < quality[1] < quality[2]


@pytest.mark.parametrize("keep", [0, 4])
def test_modules_that_are_not_there_are_refused(coded, keep):
    with pytest.raises(ValueError, match="3 modules"):
        stripped(coded, keep)


def test_a_damaged_file_is_not_copied(coded):
    damaged = bytearray(coded)
    damaged[-1] ^= 1
    with pytest.raises(DamagedFileError):
        stripped(bytes(damaged), 1)
