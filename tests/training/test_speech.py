"""Speech on the device: the same clips and levels as on the host."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loudness import loudness_level

from neuralcodec.training.speech import DITHER, TrainingSpeech, levels_around


@pytest.fixture(scope="module")
def device(speech):
    return TrainingSpeech(speech, 20)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9 * 16000 - 6401), st.floats(0.5, 2.5)), min_size=1, max_size=5))
def test_clips_are_those_of_the_host(device, speech, chosen):
    starts, gains = (np.array(part) for part in zip(*chosen))
    clips = np.asarray(device(np.stack(np.divmod(starts, 320), axis=1).astype("int32"), gains.astype("float32")))
    expected = np.stack([speech[start: start + 6400] / 32768 * gain for start, gain in zip(starts, gains)])
    np.testing.assert_allclose(clips, np.clip(expected, -1, 1), rtol=0, atol=6 * DITHER * gains.max())
    assert clips.dtype == np.float32


def test_silence_is_not_quite_silent():
    silence = TrainingSpeech(np.zeros(6400, np.int16), 3)
    clips = np.asarray(silence(np.array([[0, 0], [5, 300]], "int32"), np.ones(2, "f4")))
    np.testing.assert_allclose(np.std(clips, axis=1), DITHER, rtol=0.1)
    assert not np.array_equal(clips[0], clips[1])


def test_speech_shorter_than_a_clip_still_fills_it():
    speech = TrainingSpeech(np.full(100, 1000, np.int16), 10)
    clips = np.asarray(speech(np.array([[0, 319]], "int32"), np.ones(1, "f4")))
    assert clips.shape == (1, 3200) and np.allclose(clips, 1000 / 32768, atol=1e-4) and speech.starts == 320


@pytest.mark.parametrize("frame", [0, 50, 99, 100, 200, 300, 449])
def test_levels_are_those_of_the_speech_around_a_clip(speech, frame):
    frames = np.concatenate([speech, np.zeros_like(speech), speech // 500]).reshape(-1, 320)
    for quiet in (0, 450, 900):  # in the loud, silent and quiet third
        around = frames[max(0, quiet + frame - 100): quiet + frame + 20 + 100]
        level = levels_around(frames, 20)[quiet + frame]
        assert level == pytest.approx(loudness_level(around.ravel()), rel=1e-9, abs=1e-30)


def test_the_speech_is_not_trained(device):
    assert not device.trainable_variables and [v.dtype for v in device.weights] == ["int16"]
