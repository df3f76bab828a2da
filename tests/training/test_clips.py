"""Random clips: reproducible, at random levels, with the level of the speech around them."""
import numpy as np

from neuralcodec.training.clips import ClipSampler


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
