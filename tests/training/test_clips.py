"""Random clips: each step's depend on the seed and the step alone, at random levels, with that of the speech around."""
import itertools

import numpy as np
import pytest

from neuralcodec.training.clips import ClipSampler
from neuralcodec.training.speech import TrainingSpeech


@pytest.fixture(scope="module")
def tone():
    return TrainingSpeech((10000 * np.sin(np.arange(50000) / 7)).astype(np.int16), 10)


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_clips_depend_on_seed_and_step_alone_and_vary_in_level(tone):
    clips, again, other = (ClipSampler(tone, 16, seed) for seed in (1, 1, (1, 0)))
    last = clips.batch(7)
    assert same(clips.batch(3), again.batch(3)) and same(again.batch(7), last)
    assert not same(clips.batch(3), last) and not same(other.batch(3), clips.batch(3))
    places, gains, levels = last
    samples = np.asarray(tone(places, gains))
    assert 6 < np.ptp(20 * np.log10(gains)) < 14
    np.testing.assert_allclose(levels, np.mean(np.square(samples), axis=1), rtol=0.02)


def test_a_run_that_goes_on_gets_what_it_would_have_got(tone):
    clips = ClipSampler(tone, 4, 1, (0.5, 0.5))
    whole = [batch for (batch,) in itertools.islice(clips.batches(), 6)]
    resumed = [batch for (batch,) in itertools.islice(clips.batches(4), 2)]
    assert all(map(same, whole[4:], resumed)) and not same(whole[3], whole[4])


def test_a_clip_starts_wherever_it_fits():
    speech = TrainingSpeech(np.zeros(4 * 320 + 5, np.int16), 2)
    places, _, _ = ClipSampler(speech, 20000, 1).batch(0)
    starts = places[:, 0] * 320 + places[:, 1]
    assert np.array_equal(np.unique(starts), np.arange(2 * 320)) and places[:, 1].max() < 320


def test_prefixes_have_their_shares(tone):
    *batch, prefixes = ClipSampler(tone, 4000, 1, (0.0, 1.0, 3.0)).batch(0)
    assert len(batch) == 3 and prefixes.dtype == np.int32
    np.testing.assert_allclose(np.bincount(prefixes, minlength=4) / 4000, [0, 0, 0.25, 0.75], atol=0.03)


def test_a_pause_has_the_level_of_the_speech_around_it():
    samples = np.zeros(60000, np.int16)
    samples[:10000] = 8000
    _, _, levels = ClipSampler(TrainingSpeech(samples, 10), 64, 1).batch(0)
    assert levels.dtype == np.float32 and levels.max() > 0.01  # full-scale power 0.06, at -6 to 8 dB
    assert levels.min() == np.float32(1e-7)  # nothing but silence within two seconds
