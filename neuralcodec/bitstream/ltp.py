"""Long-term prediction of symbols, in integers: voiced speech repeats itself from one period of the pitch to the next.

A module with a short hop cannot resolve harmonics: its symbols look random from one code frame to the next, but the
waveform that they stand for does not. So both sides rebuild that waveform from the symbols (with fixed steps, which is
good enough to compare it with itself), look for the lag at which its end correlates best with what was before, repeat
the last period, and transform it. What comes out is a guess of the next symbols, for the context network to use.

All numbers are integers below 2^53, in float64 arrays for the sake of speed; every quotient is rounded down.

References: Atal and Schroeder, "Adaptive predictive coding of speech signals", Bell Syst. Tech. J. 1970 (prediction
over a period of the pitch); Ojanperae, Vaeaenaenen, Yin, "Long term predictor for transform domain perceptual audio
coding", AES 107th Convention, 1999 (in a transform codec).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neuralcodec import kernels
from neuralcodec.architecture.layout import MODULE_LIMIT, MODULE_SYMBOLS
from neuralcodec.architecture.windows import windows
from neuralcodec.bitstream.symbols import MEAN_FRACTIONS
from neuralcodec.errors import PresetError

MIN_LAG, MAX_LAG = 32, 320  # lags in samples: pitches of 500 and 50 Hz
CORRELATION_WINDOW = 160  # samples at the end that are compared with those a lag before
HISTORY = MAX_LAG + CORRELATION_WINDOW
MAX_PREDICTION = MODULE_LIMIT * MEAN_FRACTIONS  # no prediction is larger; in eighths of a symbol
MAX_CORRELATION = 255  # feature of a past that repeats itself exactly

WAVEFORM_BITS, SYNTHESIS_BITS, ANALYSIS_BITS = 8, 14, 12  # 1.0 of the waveform, and of the two kinds of weights
_MAX_SAMPLE = 4095  # 16 times the mean level
_COARSE = 3  # bits less, so that squares of sums stay below 2^53
_SYNTHESIS_SHIFT = SYNTHESIS_BITS - WAVEFORM_BITS
_ANALYSIS_SHIFT = ANALYSIS_BITS + WAVEFORM_BITS - 3


@dataclass(frozen=True, eq=False, repr=False)
class LongTermPredictor:
    """Guesses code frames of a module from those before.

    Args:
        synthesis: int16 (2 hop, N), the module's lapped transform times its steps, in 2^-14; N symbols of the hop are
            sent, the lowest ones.
        analysis: int16 (2 hop, N), the transform over its steps, in 2^-12.

    Raises:
        PresetError: a wrong type or shape.
    """

    synthesis: np.ndarray
    analysis: np.ndarray

    def __post_init__(self):
        shape = self.synthesis.shape
        if self.synthesis.dtype != np.int16 or self.analysis.dtype != np.int16 or self.analysis.shape != shape:
            raise PresetError("A long-term predictor has arrays of a wrong type or shape; install the preset again.")
        if len(shape) != 2 or shape[0] % 2 or not 1 <= shape[1] <= self.hop or MODULE_SYMBOLS % self.hop:
            raise PresetError(f"A long-term predictor has the impossible shape {shape}; install the preset again.")

    @cached_property
    def arrays(self):
        """What loops in C take: the hop, and a row of weights for each sum."""
        return self.hop, np.ascontiguousarray(self.synthesis), np.ascontiguousarray(self.analysis.T)

    @cached_property
    def _floats(self):
        """Synthesis (N, 2 hop) and analysis (2 hop, N) as float64 for NumPy."""
        return np.ascontiguousarray(self.synthesis.T, np.float64), np.ascontiguousarray(self.analysis, np.float64)

    @property
    def hop(self):
        """Samples of a code frame."""
        return self.synthesis.shape[0] // 2

    @property
    def coded(self):
        """Symbols of a code frame that are sent."""
        return self.synthesis.shape[1]

    def overlapping(self, symbols):
        """Symbols (..., N) -> their part of the waveform float64 (..., 2 hop), to add up and give to `added`."""
        return symbols @ self._floats[0]

    def histories(self, symbols):
        """What a decoder has of the waveform when it comes to each code frame of a block.

        Args:
            symbols: (K, N), all code frames of the block.

        Returns:
            float64 (K, HISTORY), a view.
        """
        hop = self.hop
        parts = self.overlapping(symbols)  # frame k reaches from hop (k - 1) to hop (k + 1)
        waveform = np.zeros(HISTORY + hop * len(symbols))
        complete = waveform[HISTORY:].reshape(-1, hop)  # row k: from hop (k - 1) to hop k
        complete[:] = parts[:, :hop]
        complete[1:] += parts[:-1, hop:]
        waveform[HISTORY:] = added(waveform[HISTORY:])
        return windows(waveform, HISTORY, hop)[: len(symbols)]

    def predict(self, past):
        """Guesses the code frame that comes next.

        Args:
            past: float64 (B, HISTORY), what is complete of the waveform.

        Returns:
            predictions: float64 (B, N), in eighths of a symbol.
            correlation: float64 (B, 1), of its end with what was a lag before, normalised, 0 to 255.
        """
        if kernels.loops:
            predictions, correlation = np.empty((len(past), self.coded)), np.empty((len(past), 1))
            kernels.loops.predict(self.arrays, past, predictions, correlation)
            return predictions, correlation
        lag, correlation = find_lag(past)
        places = HISTORY - lag + np.arange(2 * self.hop) % lag  # (B, 2 hop): the last period, again and again
        repeated = np.take_along_axis(past, places, axis=1)
        predictions = np.floor((repeated @ self._floats[1] + (1 << _ANALYSIS_SHIFT - 1)) * 2.0**-_ANALYSIS_SHIFT)
        return np.clip(predictions, -MAX_PREDICTION, MAX_PREDICTION), correlation


def added(parts):
    """Sums of overlapping parts -> waveform, in 1/256 of the mean level."""
    return np.clip(np.floor((parts + (1 << _SYNTHESIS_SHIFT - 1)) * 2.0**-_SYNTHESIS_SHIFT), -_MAX_SAMPLE, _MAX_SAMPLE)


def find_lag(past):
    """The lag at which the end of the past correlates best with what was before: at half the sample rate, then in full.

    Args:
        past: float64 (B, HISTORY).

    Returns:
        lag: int64 (B, 1), in samples.
        correlation: float64 (B, 1), 0 to 255.
    """
    fine = np.floor(past * 2.0**-_COARSE)
    half = fine[:, 0::2] + fine[:, 1::2]
    window, last = CORRELATION_WINDOW // 2, (MAX_LAG - MIN_LAG) // 2
    total = np.cumsum(half * half, axis=1)
    powers = total[:, window - 1 : window + last]
    powers[:, 1:] -= total[:, :last].copy()  # of each window, from the longest lag to the shortest
    scores, _ = normalised_correlation(half[:, -window:], _windows(half, window)[:, : last + 1], powers)
    lag = MAX_LAG - 2 * np.argmax(scores, axis=1)[:, None]  # (B, 1)
    lags = np.minimum(np.maximum(lag + [[0, -1, 1]], MIN_LAG), MAX_LAG)  # of equal ones the first counts
    candidates = _windows(fine, CORRELATION_WINDOW)[np.arange(len(past))[:, None], MAX_LAG - lags]  # (B, 3, 160)
    powers = np.einsum("bln,bln->bl", candidates, candidates)
    scores, power = normalised_correlation(fine[:, -CORRELATION_WINDOW:], candidates, powers)
    best = np.argmax(scores, axis=1)[:, None]
    correlation = np.floor(MAX_CORRELATION * np.take_along_axis(scores, best, axis=1) / (power + 1))
    return np.take_along_axis(lags, best, axis=1), np.minimum(correlation, MAX_CORRELATION)


def _windows(x, length):
    """All windows of several signals, the earliest first: (B, N) -> (B, N - length + 1, length), a view."""
    return np.lib.stride_tricks.sliding_window_view(x, length, axis=1)


def normalised_correlation(end, earlier, powers):
    """Squared correlation of the end with earlier windows, over their power: what a prediction from them explains.

    Args:
        end: float64 (B, N).
        earlier: float64 (B, L, N).
        powers: float64 (B, L), of the earlier windows.

    Returns:
        scores: float64 (B, L).
        power: float64 (B, 1), of the end.
    """
    power = np.sum(end * end, axis=1, keepdims=True)
    products = np.maximum(np.einsum("bln,bn->bl", earlier, end), 0)
    return np.floor(products * products / (powers + np.floor(power / 32) + 1)), power
