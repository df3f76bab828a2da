"""Files that are damaged, foreign, or of other weights and presets."""

import dataclasses
import io

import numpy as np
import pytest
from folders import names

from neuralcodec import Codec
from neuralcodec.bitstream.container import ContainerReader, ContainerWriter
from neuralcodec.errors import (
    DamagedFileError,
    FormatError,
    NeuralCodecError,
    NewerVersionError,
    NotANacFileError,
    TruncatedFileError,
    WrongPresetError,
)


@pytest.mark.parametrize("content, error, message", [
    (None, FormatError, "no file"),
    (b"", NotANacFileError, "0 bytes"),
    (b"RIFF....WAVE", NotANacFileError, "not a .nac"),
    (b"NAC\x03" + bytes(100), NewerVersionError, "update"),
    (b"NAC\x01", TruncatedFileError, "header"),
])
def test_files_that_are_not_nac(tmp_path, codec, content, error, message):
    if content is not None:
        (tmp_path / "a.nac").write_bytes(content)
    before = names(tmp_path)
    with pytest.raises(error, match=message):
        codec.decompress(tmp_path / "a.nac", tmp_path / "a.wav")
    assert names(tmp_path) == before
    with pytest.raises(error if content else NotANacFileError):
        codec.decode(content or b"")


def test_every_cut_is_noticed(tmp_path, codec, coded):
    for size in range(1, len(coded), len(coded) // 40):
        (tmp_path / "a.nac").write_bytes(coded[:size])
        with pytest.raises((TruncatedFileError, NotANacFileError)):
            codec.decompress(tmp_path / "a.nac", tmp_path / "a.wav")
    assert names(tmp_path) == ["a.nac"]


def test_every_changed_byte_is_noticed(codec, coded):
    for place in range(0, len(coded), 97):
        damaged = bytearray(coded)
        damaged[place] ^= 0x10
        with pytest.raises(NeuralCodecError):
            codec.decode(bytes(damaged))
    with pytest.raises(DamagedFileError, match="follow"):
        codec.decode(coded + b"\0")


def test_payloads_of_noise_under_valid_checksums(codec, coded):
    """A hostile file: every length and CRC fits, the content does not."""
    header = ContainerReader(io.BytesIO(coded)).header
    rng = np.random.default_rng(0)
    for _ in range(5):
        writer = ContainerWriter(header)
        for _ in range(header.num_blocks):
            writer.add_block([rng.bytes(size) for size in (0, 400, 4000)])
        file = io.BytesIO()
        writer.finish(file)
        try:
            samples, _ = codec.decode(file.getvalue())
        except DamagedFileError:
            continue
        assert samples.shape == (header.num_samples,) and np.isfinite(samples).all()


def test_a_file_of_other_weights(codec, other_folder, coded):
    other = Codec.from_pretrained(other_folder)
    with pytest.raises(WrongPresetError, match="other weights of the preset 'tiny'"):
        other.decode(coded)


def rewritten(data, **changes):
    reader = ContainerReader(io.BytesIO(data))
    writer, file = ContainerWriter(dataclasses.replace(reader.header, **changes)), io.BytesIO()
    for payloads in reader:
        writer.add_block(payloads)
    writer.finish(file)
    return file.getvalue()


def test_a_file_of_another_preset(codec, coded):
    with pytest.raises(WrongPresetError, match="needs the preset 'large', not 'tiny'"):
        codec.decode(rewritten(coded, preset="large", preset_hash=bytes(8)))


def test_a_preset_that_was_renamed_reads_its_files(codec, coded):
    renamed = codec.decode(rewritten(coded, preset="old name"))[0]
    np.testing.assert_array_equal(renamed, codec.decode(coded)[0])


def test_more_modules_than_the_preset_has(codec, coded):
    reader = ContainerReader(io.BytesIO(coded))
    writer, file = ContainerWriter(dataclasses.replace(reader.header, num_modules=3)), io.BytesIO()
    for payloads in reader:
        writer.add_block([*payloads, b""])
    writer.finish(file)
    with pytest.raises(DamagedFileError, match="3 modules"):
        codec.decode(file.getvalue())
