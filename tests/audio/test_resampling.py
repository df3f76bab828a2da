"""Resampling keeps time to a fraction of a sample and length to the sample."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuralcodec.audio import resample

RATES = [8000, 11025, 22050, 32000, 44100, 48000, 96000]


def band_limited(length, rate, seed=0):
    """Noise below 3 kHz."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(length))
    spectrum[np.fft.rfftfreq(length, 1 / rate) > 3000] = 0
    samples = np.fft.irfft(spectrum, length)
    return (samples / np.abs(samples).max() * 0.7).astype(np.float32)


@settings(max_examples=80, deadline=None)
@given(length=st.integers(0, 20000), rate=st.sampled_from(RATES))
def test_length_is_the_ceiling_and_comes_back(length, rate):
    there = resample(np.ones(length), rate, 16000)
    assert len(there) == (length * 16000 + rate - 1) // rate
    assert len(resample(there, 16000, rate)) >= length


@pytest.mark.parametrize("rate", RATES)
def test_round_trip_is_aligned(rate):
    original = band_limited(2 * rate, rate)
    back = resample(resample(original, rate, 16000), 16000, rate)[:len(original)]
    inner = slice(rate // 10, -rate // 10)
    lags = range(-20, 21)
    correlations = [np.dot(np.roll(original, lag)[inner], back[inner]) for lag in lags]
    assert lags[int(np.argmax(correlations))] == 0
    assert np.abs(original[inner] - back[inner]).max() < 1e-3


def test_the_16_khz_side_is_aligned_too():
    """A tone keeps its phase: no delay hides in the first conversion that the second would undo."""
    tone = np.sin(2 * np.pi * 500 * np.arange(44100) / 44100)
    expected = np.sin(2 * np.pi * 500 * np.arange(16000) / 16000)
    np.testing.assert_allclose(resample(tone, 44100, 16000)[500:-500], expected[500:-500], atol=1e-3)
