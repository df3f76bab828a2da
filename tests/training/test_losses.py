"""Losses: zero for equal signals, ordered as the ear would order them, blind to nothing they should see."""
from pathlib import Path

import numpy as np
import pytest
from keras import ops
from loudness import loudness_level
from scipy.signal import lfilter

from neuralcodec.model import lpc
from neuralcodec.training import losses


@pytest.fixture(scope="module")
def speech(speech_folder):
    import soundfile

    return soundfile.read(speech_folder / "clip0.wav", dtype="float32")[0][None, :38400]


def value(name, x, y, level=None):
    level = np.array([loudness_level(np.int16(32767 * x[0])) if level is None else level], "float32")
    if name == "weighted":
        return float(losses.weighted_loss(x, y, lpc.analysis(x)[0], level))
    return float(getattr(losses, f"{name}_loss")(x, y, level))


@pytest.mark.parametrize("name", ["mel", "weighted", "disturbance", "intelligibility", "similarity"])
def test_grows_with_the_noise(speech, name):
    noise = np.random.default_rng(0).standard_normal(speech.shape).astype("float32")
    values = [value(name, speech, speech + level * noise) for level in (0.0, 1e-4, 1e-3, 1e-2, 1e-1)]
    assert np.all(np.diff(values) > 0)
    assert values[0] < 0.02


def test_weighting_is_that_of_amr_wb(speech):
    a = np.asarray(ops.convert_to_numpy(lpc.analysis(speech)[0]), "float64")
    one = np.repeat(a[:, 40:41], speech.shape[1] // 320, axis=1).astype("float32")
    expected = lfilter(a[0, 40] * 0.92 ** np.arange(17), [1.0, -0.68], speech[0].astype("float64"))
    np.testing.assert_allclose(ops.convert_to_numpy(losses.weight(speech, one))[0], expected, atol=1e-4)


def test_added_noise_is_heard_more_than_missing_energy(speech):
    quieter, louder = speech * 0.5, speech + 0.5 * speech[:, ::-1]
    assert value("disturbance", speech, louder) > value("disturbance", speech, quieter)


@pytest.mark.parametrize("name", ["mel", "disturbance", "intelligibility", "similarity"])
def test_no_loss_depends_on_the_level_of_the_recording(speech, name):
    """But for the weighted error, whose LPC has an absolute floor."""
    noise = 0.01 * np.random.default_rng(0).standard_normal(speech.shape).astype("float32")
    values = [value(name, gain * speech, gain * (speech + noise)) for gain in (0.2, 1.0)]
    assert values[0] == pytest.approx(values[1], rel=0.03)


@pytest.mark.parametrize("name", ["mel", "weighted", "disturbance", "intelligibility"])
def test_noise_in_a_pause_counts_less_beside_loud_speech(name):
    pause, noise = 1e-4 * np.random.default_rng(0).standard_normal((2, 1, 9600)).astype("float32")
    assert value(name, pause, noise, level=1e-1) < 0.5 * value(name, pause, noise, level=1e-6)


@pytest.mark.parametrize("snr", [5, 15, 25])
def test_disturbance_is_that_of_the_standard(snr):
    """P.862.2 maps 4.5 - disturbance to a score. Noise that follows the speech (the MNRU of P.810) is like coding
    noise, and needs none of the alignment and equalisation that the loss lacks."""
    import pesq
    import soundfile

    clip = soundfile.read(Path(losses.__file__).parents[1] / "assets" / "speech.flac", dtype="float32")[0][:64000]
    noise = np.random.default_rng(0).standard_normal(clip.size).astype("float32")
    noisy = clip + clip * noise * 10 ** (-snr / 20)
    score = pesq.pesq(16000, clip, noisy, "wb")
    raw = (np.log(4 / (score - 0.999) - 1) - 3.8224) / -1.3669
    assert value("disturbance", clip[None], noisy[None]) == pytest.approx(4.5 - raw, rel=0.1)


@pytest.mark.parametrize("kind", ["white", "follows the speech"])
@pytest.mark.parametrize("snr", [-5, 0, 5, 10])
def test_intelligibility_is_that_of_estoi(snr, kind):
    import soundfile
    from pystoi import stoi

    clip = soundfile.read(Path(losses.__file__).parents[1] / "assets" / "speech.flac", dtype="float32")[0][:64000]
    noise = np.random.default_rng(0).standard_normal(clip.size).astype("float32")
    noise *= np.sqrt(np.mean(np.square(clip))) if kind == "white" else clip
    noisy = clip + noise * 10 ** (-snr / 20)
    assert value("intelligibility", clip[None], noisy[None]) == \
        pytest.approx(1 - stoi(clip, noisy, 16000, extended=True), rel=0.1)


@pytest.mark.parametrize("snr", [0, 5, 10, 15, 20, 30])
def test_similarity_is_that_of_visqol(snr):
    """With noise that follows the speech; white noise fills the pauses, which ViSQOL leaves out."""
    import soundfile
    from visqol import VisqolApi

    clip = soundfile.read(Path(losses.__file__).parents[1] / "assets" / "speech.flac", dtype="float32")[0][:64000]
    noise = np.random.default_rng(0).standard_normal(clip.size).astype("float32")
    noisy = clip + clip * noise * 10 ** (-snr / 20)
    api = VisqolApi()
    api.create(mode="speech")
    expected = 1 - api.measure_from_arrays(clip.astype(float), noisy.astype(float), 16000).vnsim
    assert value("similarity", clip[None], noisy[None]) == pytest.approx(expected, rel=0.2)


def test_the_level_of_noise_is_right_where_it_makes_up_for_what_is_lost():
    original, decoded = np.full((1, 5, 4), 0.8, "float32"), np.full((1, 5, 4), 0.3, "float32")
    values = [float(losses.noise_loss(np.stack([original, decoded, np.full_like(decoded, noise)])))
              for noise in (0.0, 0.25, 0.5, 1.0, 2.0)]
    assert values[2] == pytest.approx(0, abs=1e-5) and np.argmin(values) == 2
    assert values[0] == pytest.approx(np.log(0.8 / 0.3), rel=1e-3)  # as a ratio: quiet bands count like loud ones


@pytest.mark.parametrize("name", ["mel", "weighted", "disturbance", "intelligibility", "similarity"])
def test_silence_is_finite(name):
    x = np.zeros((1, 6400), "float32")
    assert np.isfinite(value(name, x, x + 1e-3, level=1e-7))
