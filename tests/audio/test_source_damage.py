"""AudioSource: recordings that are cut off, damaged, foreign or empty."""

import io

import numpy as np
import pytest
import soundfile
from sources import noise, read_all

from neuralcodec.audio import AudioSource
from neuralcodec.errors import AudioError


@pytest.mark.parametrize("extension", ["wav", "flac", "ogg", "mp3", "aiff"])
def test_a_file_cut_off_is_as_long_as_can_be_read(tmp_path, extension):
    whole, cut = tmp_path / f"whole.{extension}", tmp_path / f"cut.{extension}"
    soundfile.write(whole, noise(100000), 48000)
    cut.write_bytes(whole.read_bytes()[:whole.stat().st_size // 2])
    source = AudioSource(cut)
    assert 0 < source.num_samples < 60000
    delivered = read_all(source)
    assert len(delivered) == source.num_samples_16k
    reference = read_all(AudioSource(whole))
    np.testing.assert_allclose(delivered[:-400], reference[:len(delivered) - 400], atol=1e-3)


def test_flac_without_a_length_in_its_header(tmp_path):
    """`flac` and `ffmpeg` leave 0 there when they write to a pipe."""
    path = tmp_path / "stream.flac"
    soundfile.write(path, noise(100000), 16000)
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    path.write_bytes(data)
    assert AudioSource(path).num_samples == 100000
    np.testing.assert_allclose(read_all(AudioSource(path)), noise(100000)[:, 0], atol=1 / 32768)


def test_wav_whose_header_announces_too_much(tmp_path):
    """What `ffmpeg` and `sox` write to a pipe."""
    path = tmp_path / "stream.wav"
    soundfile.write(path, noise(1234), 16000)
    data = bytearray(path.read_bytes())
    data[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    assert AudioSource(path).num_samples == len(read_all(AudioSource(path))) == 1234


def test_damage_in_the_middle_is_named_by_its_time(tmp_path):
    path = tmp_path / "damaged.flac"
    soundfile.write(path, noise(100000), 16000)
    data = bytearray(path.read_bytes())
    data[len(data) // 2:len(data) // 2 + 2000] = bytes(2000)
    path.write_bytes(data)
    with pytest.raises(AudioError, match=r"damaged\.flac' is damaged at 3\.\d+ seconds"):
        read_all(AudioSource(path))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_named_by_their_time(tmp_path, bad):
    samples = noise(48000, 2)
    samples[36000, 1] = bad
    path = tmp_path / "bad.wav"
    soundfile.write(path, samples, 16000, subtype="FLOAT")
    with pytest.raises(AudioError, match=r"bad\.wav' holds a NaN or infinite sample at 2\.250 seconds"):
        read_all(AudioSource(path))


def test_no_samples_is_a_valid_file(tmp_path):
    path = tmp_path / "none.wav"
    soundfile.write(path, np.zeros(0), 44100)
    source = AudioSource(path)
    assert (source.num_samples, source.num_samples_16k, list(source.blocks())) == (0, 0, [])


def test_missing_empty_foreign_and_folder(tmp_path):
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("hello " * 100)
    (tmp_path / "bytes.raw").write_bytes(bytes(100))
    with pytest.raises(AudioError, match="There is no file '.*missing.wav'"):
        AudioSource(tmp_path / "missing.wav")
    with pytest.raises(AudioError, match=r"empty.wav' is empty \(0 bytes\)"):
        AudioSource(tmp_path / "empty.wav")
    with pytest.raises(AudioError, match="text.wav' is not an audio file"):
        AudioSource(tmp_path / "text.wav")
    with pytest.raises(AudioError, match="bytes.raw' is not an audio file"):
        AudioSource(tmp_path / "bytes.raw")
    with pytest.raises(AudioError, match="is a folder"):
        AudioSource(tmp_path)
    with pytest.raises(AudioError, match=r"The stream is empty \(0 bytes\)"):
        AudioSource(io.BytesIO())
    with pytest.raises(AudioError, match="The stream is not an audio file"):
        AudioSource(io.BytesIO(b"hello " * 100))
