"""Training speech: what is read, what is skipped, and that clips are reproducible."""
import numpy as np
import pytest
import soundfile

from neuralcodec.audio.recordings import audio_files
from neuralcodec.errors import TrainingDataError
from neuralcodec.training.clips import ClipSampler, load_speech
from neuralcodec.training.validation import hold_back


def test_reads_all_recordings_and_lists_what_it_skipped(speech_folder, tmp_path):
    (tmp_path / "broken.wav").write_bytes(b"not audio")
    soundfile.write(tmp_path / "stereo.wav", np.zeros((44100, 2)), 44100)
    samples, skipped = load_speech([*audio_files(speech_folder), *audio_files(tmp_path)])
    assert samples.dtype == np.int16 and samples.size == 3 * 48000 + 16000
    assert [path.name for path in skipped] == ["broken.wav"]


def test_too_little_speech_is_refused(tmp_path):
    soundfile.write(tmp_path / "short.wav", np.zeros(800), 16000)
    with pytest.raises(TrainingDataError, match="Only 0.1 s"):
        load_speech(audio_files(tmp_path))


def test_clips_depend_on_the_seed_alone_and_vary_in_level():
    samples = (10000 * np.sin(np.arange(50000) / 7)).astype(np.int16)
    (first, level), (same, _), (other, _) = (ClipSampler(samples, 3200, 16, seed).batch() for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert first.shape == (16, 3200) and first.dtype == np.float32 and np.max(np.abs(first)) <= 1
    assert not np.array_equal(first, other)
    assert np.ptp(20 * np.log10(np.std(first, axis=1))) > 6
    np.testing.assert_allclose(level, np.mean(np.square(first), axis=1), rtol=0.02)


def test_a_pause_has_the_level_of_the_speech_around_it():
    samples = np.zeros(60000, np.int16)
    samples[:10000] = 8000
    _, level = ClipSampler(samples, 3200, 64, 1).batch()
    assert level.dtype == np.float32 and level.max() > 0.01  # full-scale power 0.06, at -6 to 8 dB
    assert level.min() == np.float32(1e-7)  # nothing but silence within two seconds


def test_speech_shorter_than_a_clip_still_fills_it():
    clips, level = ClipSampler(np.ones(100, np.int16), 3200, 2, 0).batch()
    assert clips.shape == (2, 3200) and level.shape == (2,)


def test_held_back_recordings_are_not_trained_on():
    training, held = hold_back([str(i) for i in range(200)])
    assert len(held) == 5 and not set(training) & set(held) and len(training) == 195
