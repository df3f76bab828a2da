"""Files written by earlier versions open for ever: their symbols exactly, their audio within rounding.

Each golden file has its symbols (.npz) and its decoded audio (.flac, 16 bit) beside it. They are made once, by
tests/golden/make.py, and never again for a preset that was published.
"""
import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

import neuralcodec
from neuralcodec import Codec
from neuralcodec.bitstream.container import ContainerReader
from neuralcodec.bitstream.frames import Frames
from neuralcodec.bitstream.payloads import decode_blocks, encode_block

GOLDEN = Path(__file__).parent / "golden"
FILES = sorted(GOLDEN.glob("*.nac"))


def symbols_of(data, tables):
    reader = ContainerReader(io.BytesIO(data))
    counts = [reader.header.block_frames(i) for i in range(len(reader))]
    return Frames.concatenate(decode_blocks(list(reader), counts, tables))


def test_every_bundled_preset_has_a_golden_file():
    assert FILES
    assert {path.name.split(".")[0] for path in FILES} == set(neuralcodec.list_presets())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_symbols_are_exactly_what_was_written(path):
    tables = Codec.from_pretrained(path.name.split(".")[0]).preset.tables
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
    decoded, rate = Codec.from_pretrained(path.name.split(".")[0]).decode(path.read_bytes())
    expected, expected_rate = soundfile.read(path.with_suffix(".flac"), dtype="float32")
    assert rate == expected_rate and len(decoded) == len(expected)
    np.testing.assert_allclose(np.clip(decoded, -1, 1), expected, atol=2 / 32768)
