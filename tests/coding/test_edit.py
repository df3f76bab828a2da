"""A file changed without decoding it."""

import dataclasses
import io

import numpy as np
import pytest

from neuralcodec import Codec
from neuralcodec.bitstream.container import ContainerReader, ContainerWriter
from neuralcodec.bitstream.payloads import decode_blocks, encode_block
from neuralcodec.coding.edit import modules_within, strip
from neuralcodec.errors import DamagedFileError, ModulesError
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
    return strip(data, num_modules)


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
    with pytest.raises(ModulesError, match="1 to 3 modules"):
        stripped(coded, keep)


def test_a_damaged_file_is_not_copied(coded):
    damaged = bytearray(coded)
    damaged[-1] ^= 1
    with pytest.raises(DamagedFileError):
        stripped(bytes(damaged), 1)


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_stripped_sounds_as_decoding_fewer_modules(codec, coded, keep):
    whole, part = codec.decode(coded, modules=keep), codec.decode(codec.strip(coded, modules=keep))
    np.testing.assert_array_equal(whole[0], part[0])


def test_coding_with_fewer_modules_writes_what_stripping_leaves(codec, clip, coded):
    assert codec.encode(clip[0][16000:64000], 16000, modules=2) == codec.strip(coded, modules=2)


@pytest.mark.parametrize("modules", [0, 4, -1, True, 1.5])
def test_numbers_of_modules_that_there_are_not(codec, clip, coded, modules):
    for call in (lambda: codec.decode(coded, modules=modules), lambda: codec.strip(coded, modules=modules),
                 lambda: codec.encode(clip[0][:8000], 16000, modules=modules)):
        with pytest.raises(ModulesError, match="1 to 3 modules"):
            call()


def test_the_modules_that_a_bitrate_has_room_for(coded):
    reader = ContainerReader(io.BytesIO(coded))
    sizes = [len(strip(coded, keep)) * 8 / 3 / 1000 for keep in (1, 2, 3)]
    assert [modules_within(reader, kbps) for kbps in (1, *sizes, 1000)] == [1, 1, 2, 3, 3]
    assert [modules_within(reader, kbps - 1e-6) for kbps in sizes] == [1, 1, 2]  # headers and checksums count


def test_an_empty_file_keeps_all_modules(codec):
    assert modules_within(ContainerReader(io.BytesIO(codec.encode(np.zeros(0), 16000))), 1) == 3
