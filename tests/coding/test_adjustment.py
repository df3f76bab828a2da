"""Quiet recordings: amplified before they are coded, and as quiet as before when they are decoded. Offsets: removed."""

import io
import math

import numpy as np
import pytest
import soundfile

from neuralcodec import Codec
from neuralcodec import open as open_nac
from neuralcodec.audio import AudioSource
from neuralcodec.bitstream.container import ContainerReader
from neuralcodec.coding.adjustment import adjusted, adjustment_for, typical_power


def gain_of(data):
    return ContainerReader(io.BytesIO(data)).header.gain


def speech(clip, decibels, seconds=3):
    """The beginning of the clip, so much quieter."""
    return clip[0][: seconds * 16000] * np.float32(10 ** (decibels / 20))


def gain(samples, rate=16000):
    with AudioSource(samples, rate) as source:
        return adjustment_for(source).gain


def offset(samples, **options):
    with AudioSource(samples, 16000, **options) as source:
        return adjustment_for(source).offset


@pytest.mark.parametrize("decibels", [-24, -40])
def test_a_quiet_recording_is_coded_like_a_loud_one(codec, clip, decibels):
    """The same symbols, and so the same error relative to the recording."""
    quiet = speech(clip, decibels)
    stated = gain(quiet)
    assert stated > 6
    loud = quiet * np.float32(10 ** (stated / 20))
    data, louder = codec.encode(quiet, 16000), codec.encode(loud, 16000)
    assert gain_of(data) == stated and gain_of(louder) == 0
    heard = codec.decode(data)[0]
    np.testing.assert_allclose(heard * 10 ** (stated / 20), codec.decode(louder)[0], atol=1e-6)
    assert np.square(heard).sum() == pytest.approx(np.square(quiet).sum(), rel=0.2)


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_how_loud_it_is_does_not_depend_on_the_rate(clip, rate):
    quiet = speech(clip, -30)
    places = np.arange(len(quiet) * rate // 16000) * 16000 / rate
    assert abs(gain(np.interp(places, np.arange(len(quiet)), quiet).astype("float32"), rate) - gain(quiet)) <= 1


def test_usual_speech_noise_and_short_sounds_stay_as_they_are(clip):
    rng = np.random.default_rng(0)
    for samples in (speech(clip, 0), speech(clip, -4), speech(clip, -60)[:15999], np.zeros(32000, "float32"),
                    rng.normal(0, 1e-4, 32000), np.zeros(0, "float32"), np.full(32000, 1e-40)):
        assert gain(samples) == 0


def test_a_little_quieter_makes_little_difference(clip):
    """No recording is coded quite unlike another that is almost as loud."""
    gains = [gain(speech(clip, -decibels)) for decibels in range(16)]
    assert gains[0] == 0 and gains[15] > 5
    assert set(np.diff(gains)) <= {0, 1, 2}
    louder = [stated - decibels for decibels, stated in enumerate(gains) if stated]
    assert max(louder) - min(louder) <= 1


def test_what_is_normalized_is_loud_already(codec, clip):
    data = codec.encode(speech(clip, -30), 16000, normalize=True)
    assert gain_of(data) == 0
    assert np.abs(codec.decode(data)[0]).max() == pytest.approx(10 ** (-1 / 20), rel=0.2)


def test_nothing_leaves_full_scale(clip):
    """A recording that is quiet but for one bang."""
    samples = speech(clip, -30)
    samples[20000] = 0.25
    assert gain(samples) == math.floor(20 * math.log10(1 / 0.25))
    samples[20000] = -1.0
    assert gain(samples) == 0


@pytest.mark.parametrize("noise", [0.0, 1e-4])
def test_pauses_make_no_difference(clip, noise):
    """A recording with two minutes of silence, or noise, around it."""
    quiet, pause = speech(clip, -12), np.random.default_rng(0).normal(0, noise, 960000).astype("float32")
    assert gain(np.concatenate([pause, quiet, pause])) == gain(quiet) > 0


def test_half_of_the_energy_is_above_the_typical_power():
    powers = np.array([1.0, 0.0, 4.0, 3.0, 2.0], "float32")
    assert typical_power(powers) == 3.0
    assert typical_power(np.append(powers, np.zeros(1000, "float32"))) == 3.0
    assert typical_power(np.zeros(3, "float32")) == 0.0


@pytest.mark.parametrize("options", [{"kbps": 22}, {"modules": 1}])
def test_also_at_a_wanted_rate_and_with_fewer_modules(codec, clip, options):
    quiet = speech(clip, -36)
    loud = quiet * np.float32(10 ** (gain(quiet) / 20))
    first, second = (codec.encode(samples, 16000, **options) for samples in (quiet, loud))
    assert abs(len(first) - len(second)) < 20


def test_every_way_of_decoding_gives_the_same(codec, clip, tmp_path):
    quiet, path = speech(clip, -30), tmp_path / "a.nac"
    soundfile.write(tmp_path / "a.wav", quiet, 16000, "FLOAT")
    codec.compress(tmp_path / "a.wav", path)
    data = path.read_bytes()
    assert gain_of(data) > 6
    whole = codec.decode(data)[0]
    np.testing.assert_allclose(codec.decode(data, start=1.0, stop=2.0)[0], whole[16000:32000], atol=1e-4)
    with open_nac(path, codec=codec) as file:
        file.seek(16000)
        np.testing.assert_allclose(file.read(8000), whole[16000:24000], atol=1e-4)
    codec.decompress(path, tmp_path / "b.wav")
    np.testing.assert_allclose(soundfile.read(tmp_path / "b.wav")[0], whole, atol=1e-4)


def test_a_damaged_header_does_not_make_it_loud(codec, clip):
    data = codec.encode(speech(clip, -30), 16000)
    damaged = bytearray(data)
    damaged[9] ^= 1  # in the header
    np.testing.assert_array_equal(codec.decode(bytes(damaged), errors="conceal")[0], codec.decode(data)[0])


def test_a_stripped_file_stays_quiet(clip):
    codec = Codec.from_pretrained("cq-24k")
    data = codec.encode(speech(clip, -30), 16000)
    stripped = codec.strip(data, modules=1)
    assert gain_of(stripped) == gain_of(data) > 6
    np.testing.assert_array_equal(codec.decode(stripped)[0], codec.decode(data, modules=1)[0])


def test_an_offset_is_taken_away(codec, clip):
    """The same symbols as without it, but for rounding."""
    samples = speech(clip, -6)
    assert offset(samples + np.float32(0.05)) == pytest.approx(0.05 + samples.mean(), abs=1e-5)
    heard, plain = (codec.decode(codec.encode(each, 16000))[0] for each in (samples + np.float32(0.05), samples))
    assert abs(heard.mean()) < 1e-3
    assert np.square(heard - plain).sum() < 0.1 * np.square(plain).sum()


def test_how_loud_it_is_does_not_depend_on_an_offset(clip):
    quiet = speech(clip, -30)
    assert gain(quiet + np.float32(0.02)) == gain(quiet) > 6


def test_small_offsets_and_those_of_short_sounds_stay(clip):
    samples = speech(clip, 0) - speech(clip, 0).mean()
    assert offset(samples) == offset(samples + np.float32(1e-4)) == 0
    assert offset(samples[:15999] + np.float32(0.1)) == 0


def test_an_offset_of_what_is_normalized_is_scaled_too(clip):
    samples = speech(clip, -20) + np.float32(0.02)
    scale = 10 ** (-1 / 20) / np.abs(samples).max()
    assert offset(samples, normalize=True) == pytest.approx(scale * samples.mean(), rel=1e-3)


def test_nothing_but_an_offset(codec):
    assert np.abs(codec.decode(codec.encode(np.full(32000, 0.25, "float32"), 16000))[0]).max() < 1e-3


def test_samples_as_they_are_coded(clip):
    quiet = np.int16(32767 * speech(clip, -30))
    louder = adjusted(quiet + np.int16(1000))
    assert louder.dtype == np.int16
    np.testing.assert_allclose(louder, (quiet - quiet.mean()) * 10 ** (gain(quiet) / 20), atol=1.0)
    assert adjusted(louder) is louder
