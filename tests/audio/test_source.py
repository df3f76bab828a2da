"""AudioSource: what is delivered, how long it is, and what each kind of bad input is told."""

import io
import os
import threading

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from neuralcodec.audio import AudioSource
from neuralcodec.errors import AudioError


def read_all(source, **arguments):
    return np.concatenate([np.zeros(0, np.float32), *source.blocks(**arguments)])


def noise(num_samples, channels=1, seed=0):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (num_samples, channels)).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(num_samples=st.integers(0, 5000),
       rate=st.sampled_from([8000, 11025, 16000, 22050, 44100, 48000, 44101, 7, 768000]),
       channels=st.integers(1, 3), block=st.integers(1, 4000))
def test_length_is_the_exact_ceiling_and_blocks_are_full(num_samples, rate, channels, block):
    source = AudioSource(noise(num_samples, channels), sample_rate=rate)
    lengths = [len(piece) for piece in source.blocks(block)]
    assert source.num_samples_16k == sum(lengths) == (num_samples * 16000 + rate - 1) // rate
    assert all(length == block for length in lengths[:-1])
    assert (source.sample_rate, source.channels, source.num_samples) == (rate, channels, num_samples)


def test_16_khz_passes_bit_by_bit_and_in_any_blocks():
    samples = noise(40001)[:, 0]
    for block in (1000, 40001, 160000):
        np.testing.assert_array_equal(read_all(AudioSource(samples, sample_rate=16000), samples=block), samples)


def test_mono_is_the_mean_of_the_channels():
    samples = noise(3000, 3)
    mono = read_all(AudioSource(samples, sample_rate=16000))
    np.testing.assert_allclose(mono, samples.mean(axis=1), atol=1e-7)


@pytest.mark.parametrize("dtype, lowest", [("int16", -(1 << 15)), ("int32", -(1 << 31)), ("uint8", 0)])
def test_integers_are_scaled_to_one(dtype, lowest):
    zero = 128 if dtype == "uint8" else 0
    samples = np.array([lowest, zero, zero + (zero - lowest) // 2], dtype)
    np.testing.assert_array_equal(read_all(AudioSource(samples, sample_rate=16000)), [-1.0, 0.0, 0.5])


@pytest.mark.parametrize("extension, subtype", [
    ("wav", "PCM_16"), ("wav", "PCM_24"), ("wav", "FLOAT"), ("wav", "PCM_U8"),
    ("flac", "PCM_16"), ("ogg", "VORBIS"), ("mp3", "MPEG_LAYER_III")])
def test_files_of_many_kinds(tmp_path, extension, subtype):
    time = np.arange(48000) / 48000
    tone = 0.4 * np.sin(2 * np.pi * 440 * time)
    path = tmp_path / f"tone.{extension}"
    soundfile.write(path, np.stack([tone, tone], 1), 48000, subtype=subtype)
    source = AudioSource(path)
    delivered = read_all(source)
    assert (source.channels, source.sample_rate, source.num_samples) == (2, 48000, 48000)
    expected = 0.4 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    np.testing.assert_allclose(delivered[800:-800], expected[800:-800], atol=0.02)


def test_beyond_full_scale_is_clipped():
    delivered = read_all(AudioSource(np.array([3e38, -3e38, 1.5, 0.25]), sample_rate=16000))
    np.testing.assert_array_equal(delivered, np.float32([1.0, -1.0, 1.0, 0.25]))


def test_blocks_can_be_read_again(tmp_path):
    path = tmp_path / "a.flac"
    soundfile.write(path, noise(9000), 22050)
    source = AudioSource(path)
    np.testing.assert_array_equal(read_all(source), read_all(source, samples=777))


def test_a_pipe_that_cannot_seek():
    wav = io.BytesIO()
    soundfile.write(wav, noise(100000), 16000, format="WAV", subtype="PCM_16")
    read_end, write_end = os.pipe()
    writer = threading.Thread(target=lambda: [os.write(write_end, wav.getvalue()), os.close(write_end)])
    writer.start()
    with os.fdopen(read_end, "rb") as pipe, AudioSource(pipe) as source:
        assert source.num_samples == 100000
        np.testing.assert_allclose(read_all(source), noise(100000)[:, 0], atol=1 / 32768)
    writer.join()


def test_a_named_pipe(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    wav = io.BytesIO()
    soundfile.write(wav, noise(500), 16000, format="WAV", subtype="PCM_16")
    writer = threading.Thread(target=path.write_bytes, args=(wav.getvalue(),))
    writer.start()
    with AudioSource(path) as source:
        assert source.num_samples_16k == len(read_all(source)) == 500
    writer.join()


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


@pytest.mark.parametrize("samples, rate, message", [
    (np.zeros((2, 3, 4)), 16000, "shape"), (np.zeros((10, 2000)), 16000, "shape"), (np.float32(0), 16000, "shape"),
    (np.zeros(5, complex), 16000, "type complex128"), (np.array(["a"]), 16000, "type"),
    (np.zeros(5, bool), 16000, "bool"),
    (np.zeros(5), None, "sample rate"), (np.zeros(5), 0, "sample rate"), (np.zeros(5), 16000.5, "sample rate")])
def test_arrays_of_a_wrong_kind(samples, rate, message):
    with pytest.raises(AudioError, match=message):
        AudioSource(samples, sample_rate=rate)
