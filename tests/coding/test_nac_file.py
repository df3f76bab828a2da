"""A .nac file that is read at random."""

import io
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neuralcodec
from neuralcodec.bitstream.container import ContainerReader
from neuralcodec.errors import DamagedFileError, FormatError, ModulesError, StretchError, WrongPresetError


@pytest.fixture(scope="module")
def coded(codec, clip):
    """Five and a half seconds of speech at 22.05 kHz as .nac."""
    with pytest.warns(neuralcodec.errors.ConversionWarning):
        return codec.encode(clip[0][:121_280], 22050)


@pytest.fixture(scope="module")
def whole(codec, coded):
    return codec.decode(coded)[0]


def test_all_of_it(codec, coded, whole, tmp_path):
    path = tmp_path / "a.nac"
    path.write_bytes(coded)
    with neuralcodec.open(path, codec=codec) as file:
        assert (file.samplerate, file.frames, len(file), file.channels) == (22050, len(whole), len(whole), 1)
        np.testing.assert_array_equal(file.read(), whole)
        assert file.tell() == len(whole) and file.read().shape == file.read(5).shape == (0,)
    assert file.closed
    with pytest.raises(FormatError, match="closed"):
        file.read()


def test_piece_after_piece_is_the_whole_and_decodes_nothing_twice(codec, coded, whole, monkeypatch):
    numbers, read_block = [], ContainerReader.read_block
    monkeypatch.setattr(ContainerReader, "read_block", lambda self, n: numbers.append(n) or read_block(self, n))
    pieces, file = [], neuralcodec.open(io.BytesIO(coded), codec=codec)
    while len(piece := file.read(5000)):
        assert file.tell() == sum(map(len, pieces)) + len(piece)
        pieces.append(piece)
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-5)
    assert numbers == list(range(6))


@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_anywhere(codec, coded, whole, data):
    """Any reads and seeks in any order, as of an array."""
    file, at = neuralcodec.open(io.BytesIO(coded), codec=codec), 0
    for _ in range(4):
        if data.draw(st.booleans()):
            at = data.draw(st.integers(0, len(whole)))
            whence = data.draw(st.sampled_from([os.SEEK_SET, os.SEEK_CUR, os.SEEK_END]))
            assert file.seek(at - (0, file.tell(), len(whole))[whence], whence) == at
        count = data.draw(st.integers(0, 15000))
        np.testing.assert_allclose(file.read(count), whole[at:at + count], atol=1e-4)
        at = min(at + count, len(whole))
        assert file.tell() == at


def test_a_short_read_decodes_one_block(codec, coded, monkeypatch):
    numbers, read_block = [], ContainerReader.read_block
    monkeypatch.setattr(ContainerReader, "read_block", lambda self, n: numbers.append(n) or read_block(self, n))
    file = neuralcodec.open(io.BytesIO(coded), codec=codec)
    file.seek(round(3.5 * 22050))
    file.read(100)
    assert numbers == [3]


def test_native_and_modules(codec, coded):
    file = neuralcodec.open(io.BytesIO(coded), codec=codec, native=True, modules=1)
    assert file.samplerate == 16000
    file.seek(40000)
    np.testing.assert_allclose(file.read(800), codec.decode(coded, native=True, modules=1)[0][40000:40800], atol=1e-4)


def test_the_preset_that_the_file_names(installed, coded, whole):
    file = neuralcodec.open(io.BytesIO(coded))
    file.seek(1000)
    np.testing.assert_allclose(file.read(1000), whole[1000:2000], atol=1e-4)


def test_what_there_is_not(codec, coded, other_folder, tmp_path, monkeypatch):
    with pytest.raises(FormatError, match="no file"):
        neuralcodec.open(tmp_path / "none.nac", codec=codec)
    with pytest.raises(WrongPresetError):
        neuralcodec.open(io.BytesIO(coded), codec=neuralcodec.Codec.from_pretrained(other_folder))
    monkeypatch.setattr("neuralcodec.zoo.bundled.bundled_directory", lambda: tmp_path)
    with pytest.raises(WrongPresetError, match="not installed"):
        neuralcodec.open(io.BytesIO(coded))
    with pytest.raises(ModulesError):
        neuralcodec.open(io.BytesIO(coded), codec=codec, modules=3)
    file = neuralcodec.open(io.BytesIO(coded), codec=codec)
    for place, whence in ((-1, 0), (len(file) + 1, 0), (1, 2), (0, 3), (1.5, 0)):
        with pytest.raises(StretchError):
            file.seek(place, whence)
    assert file.tell() == 0 and file.seek(0, 2) == len(file)


def test_after_damage_other_parts_can_be_read(codec, coded, whole):
    damaged = bytearray(coded)
    damaged[len(coded) // 2] ^= 1
    number, = neuralcodec.codec_info(io.BytesIO(damaged))["damaged_blocks"]
    file = neuralcodec.open(io.BytesIO(damaged), codec=codec)
    file.seek(round((number + 0.3) * 22050))
    for _ in range(2):
        with pytest.raises(DamagedFileError, match=f"Block {number} "):
            file.read(1000)
    file.seek(5 * 22050)
    np.testing.assert_allclose(file.read(1000), whole[5 * 22050:][:1000], atol=1e-4)
