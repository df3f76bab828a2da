"""Round trips, files, and everything that can be wrong with them."""

import dataclasses
import io
import os
import tempfile
import tracemalloc
import warnings

import numpy as np
import pytest
import soundfile

from neuralcodec import Codec, codec_info
from neuralcodec.bitstream.container import ContainerReader, ContainerWriter
from neuralcodec.coding.edit import strip
from neuralcodec.errors import (
    AudioError,
    BitrateError,
    ConversionWarning,
    DamagedFileError,
    FormatError,
    NeuralCodecError,
    NewerVersionError,
    NotANacFileError,
    OutputError,
    OutputExistsError,
    TruncatedFileError,
    WrongPresetError,
)
from neuralcodec.evaluation.metrics import score


@pytest.fixture(scope="module")
def coded(codec, clip):
    """Three seconds of speech as .nac."""
    return codec.encode(clip[0][16000:64000], 16000)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("length", [0, 1, 159, 160, 319, 320, 321, 15999, 16000, 16001, 33333])
def test_length_is_exact(codec, clip, length):
    samples, sample_rate = codec.decode(codec.encode(clip[0][:length], 16000))
    assert samples.shape == (length,) and samples.dtype == np.float32 and sample_rate == 16000
    assert np.isfinite(samples).all()


@pytest.mark.filterwarnings("ignore::neuralcodec.errors.ConversionWarning")
@pytest.mark.parametrize("sample_rate", [8000, 11025, 22050, 44100, 48000, 96000])
@pytest.mark.parametrize("length", [0, 1, 1001, 30000])
def test_length_and_rate_of_the_source_come_back(codec, clip, sample_rate, length):
    data = codec.encode(clip[0][:length], sample_rate)
    samples, rate = codec.decode(data)
    assert (len(samples), rate) == (length, sample_rate)
    samples, rate = codec.decode(data, native=True)
    assert (len(samples), rate) == (-(-length * 16000 // sample_rate), 16000)


def test_decoded_speech_lines_up_with_the_original(codec, clip):
    original = clip[0]
    decoded, _ = codec.decode(codec.encode(original, 16000))
    assert score(original, decoded, ["si_sdr"])["si_sdr"] > 10
    # every part of it, not just the loudest
    for start in range(0, len(original) - 16000, 16000):
        part = slice(start, start + 16000)
        assert score(original[part], decoded[part], ["si_sdr"])["si_sdr"] > 3


@pytest.mark.parametrize("samples", [
    np.zeros(16000),
    np.ones(16000),
    -np.ones(8000),
    np.sign(np.sin(np.arange(16000) / 5)),
    np.sin(2 * np.pi * 1000 / 16000 * np.arange(16000)),
    0.5 * np.sin(2 * np.pi * 50 / 16000 * np.arange(16000)),
    np.sin(2 * np.pi * 7900 / 16000 * np.arange(16000)),
    1e-4 * np.sin(2 * np.pi * 440 / 16000 * np.arange(16000)),
    np.eye(1, 16000, 8000)[0],
    1e30 * np.random.default_rng(0).standard_normal(16000),
    1e-30 * np.random.default_rng(0).standard_normal(16000),
], ids=["silence", "full scale", "negative full scale", "square", "1 kHz", "50 Hz", "7.9 kHz", "faint", "click", "huge",
        "denormal"])
def test_odd_signals_go_through_unharmed(codec, samples):
    decoded, _ = codec.decode(codec.encode(samples, 16000))
    assert decoded.shape == samples.shape and np.isfinite(decoded).all() and np.abs(decoded).max() <= 1
    power, original_power = np.mean(decoded ** 2), np.mean(np.clip(samples, -1, 1) ** 2)
    assert power < 4 * original_power + 1e-7
    assert power > original_power / 4 - 1e-7


def test_samples_of_every_type(codec):
    rng = np.random.default_rng(0)
    whole = rng.integers(-8000, 8000, 4000).astype(np.int16)
    assert codec.encode(whole, 16000) == codec.encode(whole / 32768, 16000)
    assert codec.encode((whole / 32768).tolist(), 16000) == codec.encode(whole, 16000)
    with pytest.warns(ConversionWarning, match="2 channels"):
        stereo = codec.encode(np.stack([whole, whole], axis=1), 16000)
    assert stereo == codec.encode(whole, 16000)


@pytest.mark.parametrize("samples, sample_rate, message", [
    (np.array([0.0, np.nan]), 16000, "NaN"),
    (np.array([np.inf]), 16000, "NaN or infinite"),
    (np.zeros((2, 2, 2)), 16000, "shape"),
    (np.zeros(10, complex), 16000, "type"),
    (["a"], 16000, "type"),
    ([[0.0], [0.0, 0.0]], 16000, "give an array"),
    (np.zeros(10), 0, "rate"),
    (np.zeros(10), 16000.5, "rate"),
    (np.zeros(10), 10_000_000, "768000"),
])
@pytest.mark.filterwarnings("ignore::neuralcodec.errors.ConversionWarning")
def test_samples_that_cannot_be_coded(codec, samples, sample_rate, message):
    with pytest.raises(AudioError, match=message):
        codec.encode(samples, sample_rate)


def test_file_and_memory_give_the_same(tmp_path, codec, clip):
    soundfile.write(tmp_path / "a.wav", clip[0], 16000, "FLOAT")
    codec.compress(tmp_path / "a.wav", tmp_path / "a.nac")
    data = codec.encode(clip[0], 16000)
    assert (tmp_path / "a.nac").read_bytes() == data
    codec.decompress(tmp_path / "a.nac", tmp_path / "b.wav")
    from_file, rate = soundfile.read(tmp_path / "b.wav")
    np.testing.assert_allclose(from_file, codec.decode(data)[0], atol=1 / 32768)
    assert rate == 16000 and names(tmp_path) == ["a.nac", "a.wav", "b.wav"]


def test_streams(codec, clip, tmp_path):
    source = io.BytesIO()
    soundfile.write(source, clip[0], 16000, "PCM_16", format="WAV")
    source.seek(0)
    target = io.BytesIO()
    codec.compress(source, target)
    target.seek(0)
    codec.decompress(target, tmp_path / "out.flac")
    assert soundfile.info(tmp_path / "out.flac").frames == len(clip[0])


def test_stereo_of_another_rate(tmp_path, codec, clip):
    soundfile.write(tmp_path / "a.flac", np.stack([clip[0], 0 * clip[0]], axis=1)[:44101], 44100)
    with pytest.warns(ConversionWarning, match="2 channels.*mixed.*44100 to 16000"):
        codec.compress(tmp_path / "a.flac", tmp_path / "a.nac")
    codec.decompress(tmp_path / "a.nac", tmp_path / "a.wav")
    found = soundfile.info(tmp_path / "a.wav")
    assert (found.frames, found.samplerate, found.channels) == (44101, 44100, 1)
    codec.decompress(tmp_path / "a.nac", tmp_path / "native.wav", native=True)
    found = soundfile.info(tmp_path / "native.wav")
    assert (found.frames, found.samplerate) == (-(-44101 * 16000 // 44100), 16000)


def test_many_blocks_are_written_and_read_in_order(codec, clip):
    """More than are decoded side by side: 37.9 s."""
    original = np.tile(clip[0], 5)
    data = codec.encode(original, 16000)
    reader = ContainerReader(io.BytesIO(data))
    assert len(reader) == reader.header.num_blocks == 38 and len(list(reader)) == 38
    decoded, _ = codec.decode(data)
    assert score(original, decoded, ["si_sdr"])["si_sdr"] > 10
    assert score(original[-40000:], decoded[-40000:], ["si_sdr"])["si_sdr"] > 8


def test_progress(tmp_path, codec, clip):
    seen = []
    data = codec.encode(np.tile(clip[0], 3), 16000, progress=lambda *place: seen.append(place))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen) and len(seen) > 1
    assert seen[-1] == (3 * len(clip[0]),) * 2
    seen.clear()
    codec.decode(data, progress=lambda *place: seen.append(place))
    assert seen[-1] == (3 * len(clip[0]),) * 2


@pytest.mark.parametrize("lpc, hops", [("none", (320,)), ("none", (320, 80)), ("fixed", (320, 80)),
                                       ("trained", (320,)), ("trained", (160, 160, 80))])
def test_every_kind_of_cascade_comes_back(tmp_path, make_preset, clip, lpc, hops):
    codec = Codec.from_pretrained(make_preset(tmp_path / "kind", lpc=lpc, hops=hops))
    samples, rate = clip[0][:20001], clip[1]
    data = codec.encode(samples, rate)
    decoded, _ = codec.decode(data)
    assert len(decoded) == 20001
    assert np.corrcoef(decoded, samples)[0, 1] > 0.95
    assert codec_info(io.BytesIO(data))["modules"] == len(hops)


def test_an_output_that_exists(tmp_path, codec, coded):
    source, target = tmp_path / "a.wav", tmp_path / "a.nac"
    soundfile.write(source, np.zeros(100), 16000)
    target.write_bytes(coded)
    for action in (codec.compress, lambda wav, nac, **options: codec.decompress(nac, wav, **options)):
        before = source.read_bytes(), target.read_bytes()
        with pytest.raises(OutputExistsError, match="already exists"):
            action(source, target)
        assert (source.read_bytes(), target.read_bytes()) == before
        action(source, target, overwrite=True)
        assert (source.read_bytes(), target.read_bytes()) != before
    assert names(tmp_path) == ["a.nac", "a.wav"]


def test_an_output_that_is_the_input(tmp_path, codec):
    soundfile.write(tmp_path / "a.wav", np.zeros(100), 16000)
    with pytest.raises(OutputExistsError, match="input itself"):
        codec.compress(tmp_path / "a.wav", tmp_path / "a.wav", overwrite=True)


@pytest.mark.parametrize("content, error, message", [
    (None, AudioError, "no file"),
    (b"", AudioError, "0 bytes"),
    (b"not audio" * 100, AudioError, "not an audio file"),
])
def test_recordings_that_cannot_be_read(tmp_path, codec, content, error, message):
    if content is not None:
        (tmp_path / "a.wav").write_bytes(content)
    before = names(tmp_path)
    with pytest.raises(error, match=message):
        codec.compress(tmp_path / "a.wav", tmp_path / "a.nac")
    assert names(tmp_path) == before


def test_a_nan_late_in_the_file_leaves_no_output(tmp_path, codec):
    samples = np.zeros(400000, np.float32)
    samples[399999] = np.nan
    soundfile.write(tmp_path / "a.wav", samples, 16000, "FLOAT")
    with pytest.raises(AudioError, match="24.999|25.000"):
        codec.compress(tmp_path / "a.wav", tmp_path / "a.nac")
    assert names(tmp_path) == ["a.wav"]


def test_a_wav_of_no_samples(tmp_path, codec):
    soundfile.write(tmp_path / "a.wav", np.zeros(0), 44100)
    with pytest.warns(ConversionWarning):
        codec.compress(tmp_path / "a.wav", tmp_path / "a.nac")
    codec.decompress(tmp_path / "a.nac", tmp_path / "b.wav")
    found = soundfile.info(tmp_path / "b.wav")
    assert (found.frames, found.samplerate) == (0, 44100)


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


def test_an_impulse_comes_out_in_place_within_the_delay(codec, impulse_delay):
    delays = [impulse_delay(codec.preset, place) for place in range(3200, 3520, 80)]
    assert max(delays) == codec.preset.metadata["delay_ms"] * 16 <= 960


def peak_bytes(action):
    tracemalloc.start()
    action()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_file(tmp_path, codec, clip):
    peaks = {}
    for repeats in (8, 18):  # 61 s and 136 s, both more than twice what is decoded at once
        soundfile.write(tmp_path / f"{repeats}.wav", np.tile(clip[0], repeats), 16000)
        peaks[repeats] = [
            peak_bytes(lambda: codec.compress(tmp_path / f"{repeats}.wav", tmp_path / f"{repeats}.nac")),
            peak_bytes(lambda: codec.decompress(tmp_path / f"{repeats}.nac", tmp_path / f"{repeats}.out.wav")),
        ]
    assert peaks[18][0] < 1.2 * peaks[8][0] and peaks[18][1] < 1.2 * peaks[8][1]


# In kB. What `getrusage` tells is never less than what the process had that started this one: pytest, with TensorFlow.
PEAK = "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"


@pytest.mark.slow
def test_an_hour_in_the_memory_of_a_minute(tmp_path, run_python, tiny_folder, clip):
    code = (f"import sys, neuralcodec; codec = neuralcodec.Codec.from_pretrained({str(tiny_folder)!r});"
            f"codec.compress(sys.argv[1], sys.argv[2]); codec.decompress(sys.argv[2], sys.argv[3]); {PEAK}")
    peaks = {}
    for name, length in (("minute", 60 * 16000), ("hour", 3600 * 16000 + 1)):
        source, packed, decoded = (tmp_path / f"{name}{suffix}" for suffix in (".wav", ".nac", ".out.wav"))
        with soundfile.SoundFile(source, "w", 16000, 1, "PCM_16") as file:
            while file.frames < length:
                file.write(clip[0][:length - file.frames])
        result = run_python("-c", code, source, packed, decoded)
        peaks[name] = int(result.stdout)
        assert soundfile.info(decoded).frames == length
    assert peaks["hour"] < 1.1 * peaks["minute"]


def test_what_is_lost_is_said(tmp_path, codec, clip):
    """Before and after: a header that is wrong, clipping, channels that cancel."""
    speech = clip[0][16000:32000]
    soundfile.write(tmp_path / "loud.wav", 13 * speech / np.abs(speech).max(), 16000, "FLOAT")
    soundfile.write(tmp_path / "both.wav", np.stack([speech, -speech], axis=1), 16000)
    soundfile.write(tmp_path / "cut.wav", speech, 16000)
    (tmp_path / "cut.wav").write_bytes((tmp_path / "cut.wav").read_bytes()[:20000])
    for name, message in (("loud", "peak of 13, where 1 is full scale"), ("both", "nearly vanishes in the mix"),
                          ("cut", r"ends after 0\.624 s, before its header says \(1\.000 s\)")):
        with pytest.warns(ConversionWarning, match=message):
            codec.compress(tmp_path / f"{name}.wav", tmp_path / f"{name}.nac")
    with pytest.warns(ConversionWarning, match="integers of 16 bits"):
        codec.encode(30000 * speech, 16000)


def test_normalize_and_channel(tmp_path, codec, clip):
    speech = clip[0][16000:48000]
    soundfile.write(tmp_path / "a.wav", np.stack([30 * speech, -30 * speech], axis=1), 16000, "FLOAT")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        codec.compress(tmp_path / "a.wav", tmp_path / "a.nac", channel="right", normalize=True)
        data = codec.encode(np.stack([30 * speech, -30 * speech], axis=1), 16000, channel=2, normalize=True)
    assert (tmp_path / "a.nac").read_bytes() == data
    decoded, _ = codec.decode(data)
    assert np.corrcoef(decoded, -speech)[0, 1] > 0.95


def test_bare_samples(codec, clip):
    samples = np.round(clip[0][16000:32000] * 32767).astype("<i2")
    target = io.BytesIO()
    codec.compress(io.BytesIO(samples.tobytes()), target, raw=(16000, 1, "s16le"))
    assert target.getvalue() == codec.encode(samples, 16000)


def test_a_file_object_as_the_target_of_decompress(codec, coded, tmp_path):
    target = io.BytesIO()
    codec.decompress(io.BytesIO(coded), target)
    codec.decompress(io.BytesIO(coded), tmp_path / "a.wav")
    assert target.getvalue() == (tmp_path / "a.wav").read_bytes()
    target = io.BytesIO()
    with pytest.raises(TruncatedFileError):
        codec.decompress(io.BytesIO(coded[:-5]), target)
    assert target.getvalue() == b""


@pytest.mark.parametrize("action, error, message", [
    (lambda codec: codec.compress(np.zeros(100), "a.nac"), AudioError, "not ndarray; samples in memory go to encode"),
    (lambda codec: codec.compress(b"a.wav", "a.nac"), AudioError, "A path or a binary file object is needed, not b"),
    (lambda codec: codec.compress(io.StringIO("x"), "a.nac"), AudioError, "text stream"),
    (lambda codec: codec.encode(b"\0" * 100, 16000), AudioError, "bytes is no array of samples"),
    (lambda codec: codec.encode(bytearray(100), 16000), AudioError, "bytearray is no array of samples"),
    (lambda codec: codec.encode(np.zeros((1, 16000)), 16000), AudioError, "transpose"),
    (lambda codec: codec.decode("a.nac"), FormatError, "takes the bytes of a .nac file, not str"),
    (lambda codec: codec.decompress(5, "a.wav"), FormatError, "A path or a binary file object is needed, not int"),
    (lambda codec: codec.decompress(io.StringIO("x"), "a.wav"), FormatError, "text stream"),
    (lambda codec: codec.encode(np.zeros(100), 16000, kbps="20"), BitrateError, "not '20'; give a number"),
    (lambda codec: codec.encode(np.zeros(100), 16000, kbps=True), BitrateError, "give a number"),
])
def test_inputs_of_a_wrong_kind(codec, tmp_path, monkeypatch, action, error, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        action(codec)
    assert names(tmp_path) == []


def test_a_bitrate_of_any_kind_of_number(codec):
    assert codec.encode(np.zeros(100), 16000, kbps=np.float32(24)) == codec.encode(np.zeros(100), 16000, kbps=24)


def test_a_source_that_changes_between_passes(codec, clip, tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.tile(clip[0], 2), 16000)

    def change(done, total):
        with open(path, "r+b") as file:
            file.seek(1000)
            file.write(os.urandom(1000))
        os.utime(path, ns=(0, path.stat().st_mtime_ns + 1000))

    with pytest.raises(AudioError, match="changed while it was read"):
        codec.compress(path, tmp_path / "a.nac", kbps=20, progress=change)
    assert names(tmp_path) == ["a.wav"]


def test_a_source_that_goes_between_passes(codec, clip, tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, clip[0], 16000)
    codec.compress(path, tmp_path / "b.nac", kbps=20)
    codec.compress(path, tmp_path / "a.nac", kbps=20, progress=lambda *_: path.unlink(missing_ok=True))
    assert (tmp_path / "a.nac").read_bytes() == (tmp_path / "b.nac").read_bytes()


@pytest.mark.parametrize("place", ["adding", "coding"])
def test_temporary_files_of_failed_calls_are_closed(codec, clip, tmp_path, monkeypatch, place):
    """They are not left to the garbage collector; a full temporary folder is one sentence."""
    made = []

    class Spool(tempfile.SpooledTemporaryFile):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            made.append(self)

        def write(self, data):
            if place == "adding" and self.tell():
                raise OSError(28, "No space left on device")
            return super().write(data)

    monkeypatch.setattr("neuralcodec.bitstream.container.tempfile.SpooledTemporaryFile", Spool)
    samples = np.tile(clip[0], 2)
    if place == "coding":
        samples[-1] = np.nan
    error = OutputError if place == "adding" else AudioError
    with pytest.raises(error, match="temporary folder: No space left on device; set TMPDIR|NaN") as caught:
        codec.encode(samples, 16000, kbps=20)
    assert caught and made and all(spool.closed for spool in made)


TAGS = {"title": "Öl", "artist": "Someone", "comment": "two\nlines", "date": "1999"}


@pytest.fixture
def tagged(tmp_path, clip):
    with soundfile.SoundFile(tmp_path / "a.flac", "w", 16000, 1) as file:
        for key, value in TAGS.items():
            setattr(file, key, value)
        file.write(clip[0][:16000])
    return tmp_path / "a.flac"


def test_tags_go_there_and_back(tmp_path, codec, tagged):
    codec.compress(tagged, tmp_path / "a.nac")
    assert codec_info(tmp_path / "a.nac")["tags"] == TAGS and codec_info(tmp_path / "a.nac")["intact"]
    for name in ("a.wav", "b.flac"):
        codec.decompress(tmp_path / "a.nac", tmp_path / name)
        with soundfile.SoundFile(tmp_path / name) as file:
            assert {key: getattr(file, key) for key in TAGS} == TAGS
    codec.decompress(tmp_path / "a.nac", tmp_path / "a.au")
    codec.decompress(tmp_path / "a.nac", tmp_path / "bare.wav", tags=False)
    assert soundfile.SoundFile(tmp_path / "bare.wav").title == ""


def test_without_tags_files_are_as_ever(tmp_path, codec, tagged, clip):
    codec.compress(tagged, tmp_path / "a.nac", tags=False)
    samples, _ = soundfile.read(tagged, dtype="int16")
    assert (tmp_path / "a.nac").read_bytes() == codec.encode(samples, 16000)
    assert (tmp_path / "a.nac").read_bytes()[:4] == b"NAC\2" and codec_info(tmp_path / "a.nac")["tags"] == {}


def test_long_tags_are_cut(tmp_path, codec):
    with soundfile.SoundFile(tmp_path / "a.wav", "w", 16000, 1) as file:
        file.comment, file.title = "ü" * 800, "\x1b[31mred"
        file.write(np.zeros(1000))
    codec.compress(tmp_path / "a.wav", tmp_path / "a.nac")
    tags = codec_info(tmp_path / "a.nac")["tags"]
    assert len(tags["comment"].encode()) == 1000 and codec_info(tmp_path / "a.nac")["intact"]


def test_tags_survive_a_cut_of_modules(tmp_path, codec, tagged):
    codec.compress(tagged, tmp_path / "a.nac")
    small = strip((tmp_path / "a.nac").read_bytes(), modules=1)
    assert codec_info(io.BytesIO(small))["tags"] == TAGS
