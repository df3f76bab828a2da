"""AudioSource: what is delivered, how long it is, and what each kind of bad input is told."""

import gc
import io
import os
import threading
import time

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from neuralcodec.audio import AudioSource
from neuralcodec.audio.readers import as_array
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


def losses(samples, **options):
    with AudioSource(samples, 16000, **options) as source:
        list(source.blocks())
        return " and ".join(source.losses)


def test_clipping_is_told_with_the_peak(tmp_path):
    samples = noise(8000)[:, 0] * 26
    peak = f"{np.abs(samples).max():.5g}"
    assert losses(samples).startswith(f"has a peak of {peak}, where 1 is full scale, and is clipped")
    soundfile.write(tmp_path / "a.wav", samples, 16000, "FLOAT")
    with AudioSource(tmp_path / "a.wav") as source:
        assert source.losses == []
        list(source.blocks())
        assert "normalize=True" in source.losses[0]
    assert losses(noise(8000) * 2) == losses(np.array([1.0, -1.0])) == losses(np.array([-32768], np.int16)) == ""


@pytest.mark.parametrize("full_scale, bits", [(1 << 15, 16), (1 << 23, 24), (1 << 31, 32)])
def test_integers_in_floats_are_recognised(full_scale, bits):
    assert f"integers of {bits} bits: divide them by {full_scale})" in losses(noise(8000) * full_scale)
    assert "integers" not in losses(noise(8000) * 26)


def test_decoders_of_lossy_files_go_a_little_beyond(tmp_path):
    soundfile.write(tmp_path / "a.ogg", 0.9 * np.sign(np.sin(np.arange(48000) / 9)), 48000)
    with AudioSource(tmp_path / "a.ogg") as source:
        list(source.blocks())
        assert source.losses == []


@pytest.mark.parametrize("scale", [13, 0.01, 3e38])
def test_normalized_to_one_decibel_below_full_scale(scale):
    samples = noise(30000, 2) * 2
    delivered = read_all(AudioSource(samples * np.float32(scale), 16000, normalize=True))
    assert np.abs(delivered).max() == pytest.approx(10 ** (-1 / 20), rel=1e-6)
    mono = samples.mean(axis=1)
    np.testing.assert_allclose(delivered, mono / np.abs(mono).max() * 10 ** (-1 / 20), atol=1e-6)
    assert losses(samples * np.float32(scale), normalize=True) == ""


def test_silence_stays_silence_when_normalized():
    assert not read_all(AudioSource(np.zeros(100), 16000, normalize=True)).any()
    assert len(read_all(AudioSource(np.zeros(0), 16000, normalize=True))) == 0


def test_channels_that_cancel_are_told():
    samples = noise(8000)
    assert losses(np.hstack([samples, -samples])).startswith("nearly vanishes in the mix of its channels")
    assert "nearly vanishes" in losses(np.hstack([samples, -0.98 * samples]))
    for others in (samples, noise(8000, seed=1), 0 * samples, -0.3 * samples):
        assert losses(np.hstack([samples, others])) == ""
    assert losses(np.hstack([samples, *[0 * samples] * 7])) == losses(np.zeros((100, 2))) == ""


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


def write_wav(path, samples):
    soundfile.write(path, samples, 16000, "PCM_16")


def test_a_source_that_goes_is_read_to_its_end(tmp_path):
    """One open file for the whole work."""
    write_wav(tmp_path / "a.wav", noise(40000))
    source = AudioSource(tmp_path / "a.wav")
    (tmp_path / "a.wav").unlink()
    np.testing.assert_array_equal(read_all(source), read_all(source))
    assert len(read_all(source)) == 40000


def test_a_source_that_is_replaced_is_read_as_it_was(tmp_path):
    write_wav(tmp_path / "a.wav", noise(40000))
    write_wav(tmp_path / "b.wav", noise(40000, seed=1))
    source = AudioSource(tmp_path / "a.wav")
    before = read_all(source)
    os.replace(tmp_path / "b.wav", tmp_path / "a.wav")
    np.testing.assert_array_equal(read_all(source), before)


@pytest.mark.parametrize("change", [lambda file: file.write(b"more"), lambda file: file.truncate(50000),
                                    lambda file: (file.seek(1000), file.write(bytes(2000)))])
def test_a_source_that_changes_is_refused(tmp_path, change):
    path = tmp_path / "a.wav"
    write_wav(path, noise(400000))
    source = AudioSource(path)
    blocks = source.blocks()
    next(blocks)
    with open(path, "r+b") as file:
        file.seek(0, 2)
        change(file)
    os.utime(path, ns=(1, 1))
    with pytest.raises(AudioError, match=r"a\.wav' changed while it was read; wait|a\.wav' is damaged"):
        for _ in range(2):
            list(blocks)
            blocks = source.blocks()


def test_an_error_of_the_disk_is_one_sentence(tmp_path, monkeypatch):
    write_wav(tmp_path / "a.wav", noise(400000))
    source = AudioSource(tmp_path / "a.wav")

    def broken(self, buffer):
        raise AudioError(f"{self._name} cannot be read: Input/output error.")

    monkeypatch.setattr("neuralcodec.files.inputs._InputFile.readinto", broken)
    with pytest.raises(AudioError, match=r"a\.wav' cannot be read: Input/output error"):
        list(source.blocks())


def test_a_stream_that_does_not_wait(tmp_path):
    """A pipe without blocking delivers nothing for a while, which is not its end."""
    wav = io.BytesIO()
    soundfile.write(wav, noise(60000), 16000, format="WAV", subtype="PCM_16")
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)

    def write():
        for start in range(0, len(wav.getvalue()), 50000):
            time.sleep(0.05)
            os.write(write_end, wav.getvalue()[start:start + 50000])
        os.close(write_end)

    writer = threading.Thread(target=write)
    writer.start()
    with open(read_end, "rb", buffering=0) as pipe, AudioSource(pipe) as source:
        assert source.num_samples == 60000 and source.remarks == []
    writer.join()


def test_names_that_are_not_utf_8(tmp_path):
    path = os.fsencode(tmp_path) + b"/caf\xe9\x1b.wav"
    write_wav(tmp_path / "a.wav", noise(100))
    os.rename(tmp_path / "a.wav", path)
    with AudioSource(os.fsdecode(path)) as source:
        assert source.num_samples == 100 and source.name.endswith("caf\\udce9\\x1b.wav'")


def test_names_that_no_file_can_have():
    for name in ("a\0b", "", "x" * 300):
        with pytest.raises(AudioError, match="There is no file|cannot be opened: File name too long"):
            AudioSource(name)


def test_nothing_is_left_open_after_a_failure(tmp_path):
    """Neither the file nor the copy of a stream waits for the garbage collector."""
    (tmp_path / "text.wav").write_text("hello " * 100)
    gc.collect()
    before = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
    kept = []
    for source in (tmp_path / "text.wav", io.BytesIO(b"hello " * 100), io.BytesIO()):
        with pytest.raises(AudioError) as caught:
            AudioSource(source)
        kept.append(caught)  # its traceback holds on to everything
    after = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
    assert len(after) == len(before)
