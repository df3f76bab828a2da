"""AudioSource: what is delivered, how long it is, and what arguments are told."""

import io

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from sources import noise, read_all

from neuralcodec.audio import AudioSource
from neuralcodec.audio.readers import as_array
from neuralcodec.errors import AudioError


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


@pytest.mark.parametrize("samples, rate, message", [
    (np.zeros((2, 3, 4)), 16000, "shape"), (np.zeros((10, 2000)), 16000, "shape"), (np.float32(0), 16000, "shape"),
    (np.zeros(5, complex), 16000, "type complex128"), (np.array(["a"]), 16000, "type"),
    (np.zeros(5, bool), 16000, "bool"),
    (np.zeros(5), None, "sample rate"), (np.zeros(5), 0, "sample rate"), (np.zeros(5), 16000.5, "sample rate")])
def test_arrays_of_a_wrong_kind(samples, rate, message):
    with pytest.raises(AudioError, match=message):
        AudioSource(samples, sample_rate=rate)


@pytest.mark.parametrize("sideways", [np.zeros((1, 16000)), np.zeros((2, 16000)), np.zeros((2, 500))])
def test_arrays_that_lie_on_their_side(sideways):
    with pytest.raises(AudioError, match="transpose"):
        AudioSource(sideways, sample_rate=16000)


@pytest.mark.parametrize("data", [b"\0" * 100, bytearray(100), memoryview(bytes(100)), "samples"])
def test_bytes_are_no_samples(data):
    with pytest.raises(AudioError, match="no array of samples.*frombuffer"):
        as_array(data)


def test_text_streams_are_refused(tmp_path):
    (tmp_path / "a.wav").write_text("hello")
    with open(tmp_path / "a.wav") as file, pytest.raises(AudioError, match="is a text stream; open it in binary mode"):
        AudioSource(file)

    class Text:
        def read(self, _):
            return "hello"

    with pytest.raises(AudioError, match="is a text stream"):
        AudioSource(Text())


def test_a_channel_can_be_chosen():
    samples = noise(3000, 3)
    for channel, number in (("left", 0), ("right", 1), (1, 0), (3, 2), (np.int64(2), 1)):
        source = AudioSource(samples, 16000, channel=channel)
        np.testing.assert_array_equal(read_all(source), samples[:, number])
        assert source.remarks == [] and source.losses == []
    samples[5, 1] = np.nan  # of no interest to the others
    read_all(AudioSource(samples, 16000, channel="left"))


@pytest.mark.parametrize("channel, message", [(4, "has no channel 4: it has 3"), (0, "'left', 'right', or a number"),
                                              ("up", "'mix', 'left'"), (1.5, "number from 1"), (None, "'mix'")])
def test_channels_that_are_not_there(channel, message):
    with pytest.raises(AudioError, match=message):
        AudioSource(noise(10, 3), 16000, channel=channel)
    with pytest.raises(AudioError, match="no channel 'right': it has 1"):
        AudioSource(noise(10), 16000, channel="right")


@pytest.mark.parametrize("encoding, dtype", [("s16le", "<i2"), ("s16be", ">i2"), ("u8", "u1"), ("s32le", "<i4"),
                                             ("f32le", "<f4"), ("f64be", ">f8")])
def test_bare_samples(encoding, dtype):
    samples = np.array([[0, 1], [-1, 0], [0.5, 0.25]])
    scale = {"i": 1 << (8 * np.dtype(dtype).itemsize - 1), "u": 128, "f": 1}[np.dtype(dtype).kind]
    stored = np.clip(samples * scale + (128 if dtype == "u1" else 0), None, scale * 2 - 1)
    stored = np.minimum(stored, scale - 1) if dtype[-2] == "i" else stored
    source = AudioSource(io.BytesIO(stored.astype(dtype).tobytes()), raw=(16000, 2, encoding))
    assert (source.sample_rate, source.channels, source.num_samples) == (16000, 2, 3)
    np.testing.assert_allclose(read_all(source), samples.mean(axis=1), atol=0.01)


def test_bare_samples_of_telephony(tmp_path):
    for encoding, subtype in (("mulaw", "ULAW"), ("alaw", "ALAW")):
        soundfile.write(tmp_path / "a.raw", noise(800), 8000, subtype, format="RAW")
        source = AudioSource(tmp_path / "a.raw", raw=(8000, 1, encoding))
        assert (source.num_samples, source.num_samples_16k) == (800, 1600)
        list(source.blocks())


@pytest.mark.parametrize("raw", [(0, 1, "s16le"), (16000, 0, "s16le"), (16000, 1, "s17"), (16000.5, 1, "u8"), 3,
                                 (1, 2, 3, 4), (16000, 1, [])])
def test_bare_samples_that_are_described_wrongly(raw):
    with pytest.raises(AudioError, match="Bare samples"):
        AudioSource(io.BytesIO(bytes(100)), raw=raw)


def test_tags_are_read(tmp_path):
    for name in ("a.wav", "a.flac", "a.ogg", "a.mp3", "a.aiff", "a.caf"):
        with soundfile.SoundFile(tmp_path / name, "w", 16000, 1) as file:
            file.title, file.artist = "Öl", "Someone"
            file.write(noise(16000))
        assert AudioSource(tmp_path / name).tags == {"title": "Öl", "artist": "Someone"}
    assert AudioSource(noise(10), 16000).tags == {}
