"""Round trips, in memory and through files, and what one may ask for."""

import io
import warnings

import numpy as np
import pytest
import soundfile
from folders import names

from neuralcodec import Codec, codec_info
from neuralcodec.bitstream.container import ContainerReader
from neuralcodec.errors import ConversionWarning, OutputExistsError, TruncatedFileError
from neuralcodec.evaluation.metrics import score


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
    np.ones(15999),  # of a second and more it would be an offset
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


def test_an_impulse_comes_out_in_place_within_the_delay(codec, impulse_delay):
    delays = [impulse_delay(codec.preset, place) for place in range(3200, 3520, 80)]
    assert max(delays) == codec.preset.metadata["delay_ms"] * 16 <= 960


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


def test_a_bitrate_of_any_kind_of_number(codec):
    assert codec.encode(np.zeros(100), 16000, kbps=np.float32(24)) == codec.encode(np.zeros(100), 16000, kbps=24)
