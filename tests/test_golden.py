"""Files written by earlier versions open for ever: their symbols exactly, their audio within rounding.

Each golden file has its symbols (.npz) and its decoded audio (.flac, 16 bit) beside it. They are made once, by
tests/golden/make.py, and never again for a preset that was published. Those of the first presets are from before files
had a copy of their header; what is written today from the same symbols lies in the folder `copies`.
"""
import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from neuralcodec import Codec
from neuralcodec.bitstream.container import ContainerReader, ContainerWriter
from neuralcodec.bitstream.frames import Frames
from neuralcodec.bitstream.payloads import decode_blocks, encode_block
from neuralcodec.coding.presets import preset_for
from neuralcodec.zoo.presets import load_preset

GOLDEN = Path(__file__).parent / "golden"
PRESETS = Path(__file__).parents[1] / "presets"  # with the revisions that are not installed
FILES = sorted(GOLDEN.glob("*.nac"))
WITH_COPIES = sorted((GOLDEN / "copies").glob("*.nac"))


def symbols_of(data, tables):
    reader = ContainerReader(io.BytesIO(data))
    counts = [reader.header.block_frames(i) for i in range(len(reader))]
    return Frames.concatenate(decode_blocks(list(reader), counts, tables))


def preset_of(path):
    """The revision that wrote a file."""
    header = ContainerReader(io.BytesIO(path.read_bytes())).header
    return preset_for(load_preset(next(PRESETS.glob(f"{header.preset}*"))), header)


def test_every_preset_and_each_of_its_revisions_has_a_golden_file():
    assert {preset_of(path).directory for path in FILES} == {path.parent for path in PRESETS.glob("*/config.json")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_symbols_are_exactly_what_was_written(path):
    tables = preset_of(path).tables
    data = path.read_bytes()
    frames, expected = symbols_of(data, tables), np.load(path.with_suffix(".npz"))
    np.testing.assert_array_equal(frames.lsf, expected["lsf"])
    np.testing.assert_array_equal(frames.gain, expected["gain"])
    for i, module in enumerate(frames.modules):
        np.testing.assert_array_equal(module, expected[f"module_{i}"])
    payloads = [encode_block(block, tables) for block in frames.blocks()]
    assert payloads == list(ContainerReader(io.BytesIO(data)))  # and the same symbols still make the same bytes


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_audio_is_what_it_was(path):
    decoded, rate = Codec(preset_of(path)).decode(path.read_bytes())
    expected, expected_rate = soundfile.read(path.with_suffix(".flac"), dtype="float32")
    assert rate == expected_rate and len(decoded) == len(expected)
    np.testing.assert_allclose(np.clip(decoded, -1, 1), expected, atol=2 / 32768)


@pytest.mark.parametrize("path", WITH_COPIES, ids=lambda path: path.stem)
def test_files_of_today_are_those_of_before_with_a_copy_of_the_header(path):
    """Byte for byte, whichever way they go."""
    before, today = (GOLDEN / path.name).read_bytes(), path.read_bytes()
    reader = ContainerReader(io.BytesIO(before))
    writer, file = ContainerWriter(dataclasses.replace(reader.header, has_copy=True)), io.BytesIO()
    payloads = list(reader)
    for block in payloads:
        writer.add_block(block)
    writer.finish(file)
    assert file.getvalue() == today
    assert list(ContainerReader(io.BytesIO(today))) == payloads
    assert 40 < len(today) - len(before) < 50
    damaged = ContainerReader(io.BytesIO(bytes(40) + today[40:]), use_copy=True)
    assert damaged.header == writer.header and list(damaged) == payloads


def test_there_are_such_files():
    assert len(WITH_COPIES) == 8
