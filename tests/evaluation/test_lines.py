"""Lines in the long-term spectrum: of known height, of none, and of a whole set of clips."""

import numpy as np
import pytest

from neuralcodec.evaluation.lines import RATES, line_figures, line_levels, long_term_spectrum

SECONDS = 20


def noise(seconds, seed=0):
    return 0.1 * np.random.default_rng(seed).standard_normal(seconds * 16000)


def buzz(rate, amplitude, seconds=SECONDS, without=8000):
    """Sines of an amplitude at all multiples of a rate below 8 kHz but those of another, in any phases."""
    rng = np.random.default_rng(1)
    second = np.zeros(8001, complex)  # the spectrum of a second, which repeats itself
    places = [f for f in range(rate, 8000, rate) if f % without]
    second[places] = 8000 * amplitude * np.exp(1j * rng.uniform(0, 6, len(places)))
    return np.tile(np.fft.irfft(second), seconds)


def amplitude(level, sigma=0.1):
    """Of a sine that makes a bin stand out of white noise by so many dB: its power in the bin is (a / 2)^2 times the
    square of the window's sum, and that of the noise sigma^2 times the sum of its squares."""
    window = np.hanning(3201)[:-1]
    return 2 * sigma * np.sqrt((10 ** (level / 10) - 1) * np.sum(window ** 2)) / np.sum(window)


@pytest.mark.parametrize("level", [3.0, 8.0])
@pytest.mark.parametrize("rate, others", [(200, 0.5), (100, 1.0)])
def test_lines_have_their_height(level, rate, others):
    """Every second multiple of 100 Hz is one of 200 Hz, too."""
    spectrum = long_term_spectrum(noise(SECONDS) + buzz(rate, amplitude(level)))
    assert line_levels(spectrum, 200) == pytest.approx(level, abs=0.25)
    assert line_levels(spectrum, 100) == pytest.approx(others * level, abs=0.25)


@pytest.mark.parametrize("tilt", [0.0, 0.9], ids=["white", "falling by 25 dB"])
@pytest.mark.parametrize("rate", RATES)
def test_noise_has_none(tilt, rate):
    samples = noise(SECONDS)
    samples = samples + tilt * np.concatenate([[0.0], samples[:-1]])
    assert line_levels(long_term_spectrum(samples), rate) == pytest.approx(0, abs=0.15)


def test_lines_elsewhere_do_not_count():
    spectrum = long_term_spectrum(noise(SECONDS) + buzz(150, amplitude(10), without=100))
    assert line_levels(spectrum, 200) == pytest.approx(0, abs=0.15)
    assert line_levels(spectrum, 100) == pytest.approx(0, abs=0.15)


def test_the_level_does_not_matter():
    samples = noise(SECONDS) + buzz(200, amplitude(6))
    loud, soft = (line_levels(long_term_spectrum(gain * samples), 200) for gain in (1.0, 0.01))
    assert soft == pytest.approx(loud, abs=0.01)


def test_figures_are_of_all_clips_together():
    clips = [noise(4, seed) + buzz(200, amplitude(8), 4) for seed in range(8)]
    figures = line_figures([long_term_spectrum(clip) for clip in clips])
    assert list(figures) == ["lines_100", "lines_200"]
    mean, low, high = figures["lines_200"]
    assert mean == line_levels(sum(map(long_term_spectrum, clips)), 200) and low < 8 < high and high - low < 1
    assert line_figures([long_term_spectrum(clip) for clip in clips]) == figures  # the same every time


def test_a_steady_voice_is_no_line_among_others():
    """One clip whose pitch happens to be 200 Hz counts as much as its share of the sound."""
    alone = line_levels(long_term_spectrum(noise(4) + buzz(200, amplitude(12), 4)), 200)
    among = line_figures([long_term_spectrum(noise(4, seed) + (seed == 0) * buzz(200, amplitude(12), 4))
                          for seed in range(12)])["lines_200"]
    assert alone > 11 and among[0] < 4 and among[1] < 0.5


@pytest.mark.parametrize("length", [0, 100, 3199])
def test_too_short_a_clip_adds_nothing(length):
    assert not long_term_spectrum(np.ones(length)).any()
    assert all(np.isnan(figure).all() for figure in line_figures([long_term_spectrum(np.ones(length))]).values())


def test_silence_has_no_lines():
    figures = line_figures([long_term_spectrum(np.zeros(16000))] * 2)
    assert figures["lines_100"] == pytest.approx((0, 0, 0), abs=1e-9)
