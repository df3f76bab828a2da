"""Lines in the long-term spectrum: a pattern that a decoder repeats in every frame, heard as a buzz.

A decoder that adds the same texture to each of its code frames makes a sound that is periodic at their rate, so that
lines stand out at its multiples, however different the clips are. It takes no original to see them, but many seconds of
sound: over few, the harmonics of a steady voice are lines, too. So it is a figure of a whole set of clips.
"""

import numpy as np

from neuralcodec.audio import SAMPLE_RATE
from neuralcodec.evaluation.metrics import interval, resampled

RATES = (100, 200)  # Hz: rates of code frames of 10 and 5 ms
BIN_HZ = 5
_FRAME = SAMPLE_RATE // BIN_HZ  # samples
_NEIGHBOURS = np.array([-8, -7, -6, -5, -4, -3, 3, 4, 5, 6, 7, 8])  # bins: beside the line's own, short of the next one
_FLOOR = 1e-14  # power, of what digital silence has in a bin: below the rounding noise of 16 bits


def long_term_spectrum(samples):
    """Sum of power spectra in bins of 5 Hz: those of many clips add up to that of all of them.

    Args:
        samples: (n,) at 16 kHz.

    Returns:
        float64 (1601,): frames of 200 ms every 100 ms, Hann window; a sine of full scale has 1 a frame.
    """
    window, total = np.hanning(_FRAME + 1)[:-1], np.zeros(_FRAME // 2 + 1)
    for start in range(0, len(samples) - _FRAME + 1, _FRAME // 2):
        total += np.abs(np.fft.rfft(samples[start:start + _FRAME] * (2 * window / window.sum()))) ** 2 + _FLOOR
    return total


def line_levels(spectrum, rate):
    """How far the bins at the multiples of a rate stand out of their neighbours, 15 to 40 Hz beside them.

    Args:
        spectrum: (..., 1601), as `long_term_spectrum` returns it.
        rate: in Hz.

    Returns:
        dB (...), the mean over all multiples below 8 kHz: 0 where there are no lines; NaN of no sound.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        level = 10 * np.log10(spectrum)
        lines = np.arange(rate // BIN_HZ, level.shape[-1] - _NEIGHBOURS.max(), rate // BIN_HZ)
        return np.mean(level[..., lines] - level[..., lines[:, None] + _NEIGHBOURS].mean(axis=-1), axis=-1)


def line_figures(spectra):
    """Lines of a codec over a set of clips, at all `RATES`.

    Args:
        spectra: list of `long_term_spectrum` of its decoded clips, not empty.

    Returns:
        dict of name -> (dB, low, high), with the 95 % interval that other clips would lie in (bootstrap over clips).

    Example:
        >>> line_figures([long_term_spectrum(decoded) for decoded in clips])
        {'lines_100': (0.21, 0.08, 0.35), 'lines_200': (0.11, -0.02, 0.25)}
    """
    spectra = np.array(spectra)
    counts = np.apply_along_axis(np.bincount, 1, resampled(len(spectra)), minlength=len(spectra))
    whole, others = spectra.sum(axis=0), counts @ spectra
    return {f"lines_{rate}": interval(line_levels(whole, rate), line_levels(others, rate)) for rate in RATES}
