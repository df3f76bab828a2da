"""Losses: zero for equal signals, ordered as the ear would order them, blind to nothing they should see."""
import numpy as np
import pytest
from keras import ops
from scipy.signal import lfilter

from neuralcodec.model import lpc
from neuralcodec.training import losses


@pytest.fixture(scope="module")
def speech(speech_folder):
    import soundfile

    return soundfile.read(speech_folder / "clip0.wav", dtype="float32")[0][None, :38400]


def value(name, x, y):
    if name == "weighted":
        return float(losses.weighted_loss(x, y, lpc.analyse(x)[0]))
    return float({"mel": losses.mel_loss, "disturbance": losses.disturbance_loss}[name](x, y))


@pytest.mark.parametrize("name", ["mel", "weighted", "disturbance"])
def test_grows_with_the_noise(speech, name):
    noise = np.random.default_rng(0).standard_normal(speech.shape).astype("float32")
    values = [value(name, speech, speech + level * noise) for level in (0.0, 1e-4, 1e-3, 1e-2, 1e-1)]
    assert np.all(np.diff(values) > 0)
    assert values[0] < 0.02


def test_weighting_is_that_of_amr_wb(speech):
    a = np.asarray(ops.convert_to_numpy(lpc.analyse(speech)[0]), "float64")
    one = np.repeat(a[:, 40:41], speech.shape[1] // 320, axis=1).astype("float32")
    expected = lfilter(a[0, 40] * 0.92 ** np.arange(17), [1.0, -0.68], speech[0].astype("float64"))
    np.testing.assert_allclose(ops.convert_to_numpy(losses.weight(speech, one))[0], expected, atol=1e-4)


def test_added_noise_is_heard_more_than_missing_energy(speech):
    quieter, louder = speech * 0.5, speech + 0.5 * speech[:, ::-1]
    assert value("disturbance", speech, louder) > value("disturbance", speech, quieter)


def test_disturbance_does_not_depend_on_the_recording_level(speech):
    noise = 0.01 * np.random.default_rng(0).standard_normal(speech.shape).astype("float32")
    values = [value("disturbance", gain * speech, gain * (speech + noise)) for gain in (0.2, 1.0)]
    assert values[0] == pytest.approx(values[1], rel=0.02)


@pytest.mark.parametrize("name", ["mel", "weighted", "disturbance"])
def test_silence_is_finite(name):
    x = np.zeros((1, 6400), "float32")
    assert np.isfinite(value(name, x, x + 1e-3))
