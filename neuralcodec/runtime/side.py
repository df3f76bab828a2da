"""Side information: LSFs and gains as symbols, and what both sides derive from them, with memory.

F counts frames of 20 ms, S = 4 F sub-frames of 5 ms, G = 2 F gains of 10 ms, K code frames of a hop.
"""

import math

import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES, GAIN_FRAME, SUBFRAME
from neuralcodec.architecture.layout import SIDE_LIMIT
from neuralcodec.architecture.lpc import (
    GAIN_FLOOR,
    GAIN_MEAN,
    GAIN_OFFSET,
    GAIN_SPREAD,
    GAIN_STEPS_PER_OCTAVE,
    GAINS,
    MAX_RISE,
)
from neuralcodec.runtime import lpc
from neuralcodec.runtime.quantizer import SoftmaxQuantizer

_RAMP = ((np.arange(SUBFRAME) + 0.5) / SUBFRAME).astype(np.float32)  # how a gain moves to the next in 5 ms


class Previous:
    """Rows one row later; the first row stands for the one before it."""

    def __init__(self):
        self._last = None

    def __call__(self, x):
        """(K, ...) -> (K, ...)."""
        if not len(x):
            return x
        first = x[:1] if self._last is None else self._last
        self._last = x[-1:]
        return np.concatenate([first, x[:-1]])


class LsfQuantizer:
    """LSFs to symbols and back: one codebook for each, in standard deviations around its mean.

    Args:
        weights: dict of name -> float32 array, of the whole cascade.
        sent: whether LSFs are sent; without LPC they are not.
    """

    def __init__(self, weights, sent):
        self._mean, self._std = weights["lsf_quantizer/mean"], weights["lsf_quantizer/std"]
        self._step = np.exp(weights["lsf_quantizer/log_step"])
        self._quantizer = SoftmaxQuantizer(weights["lsf_quantizer/quantizer/offset"], SIDE_LIMIT)
        self._sent = sent

    def normalise(self, lsf):
        """LSFs (..., 16) in radians -> in standard deviations from their means."""
        return (lsf - self._mean) / self._std

    def quantise(self, lsf):
        """LSFs (F, 16) in radians -> symbols int64 (F, 16)."""
        return self._quantizer.quantise(self.normalise(lsf) / self._step)

    def reconstruct(self, symbols):
        """Symbols (F, 16) -> quantised, ordered LSFs float32 (F, 16); the mean where none are sent."""
        points = self.points(symbols)
        return lpc.order_lsf(points) if self._sent else points

    def points(self, symbols):
        """Symbols (F, 16) -> where the codebooks have them (F, 16), in any order."""
        if not self._sent:
            return np.broadcast_to(self._mean, symbols.shape)
        return self._quantizer.reconstruct(symbols) * self._step * self._std + self._mean


class LsfContour:
    """What follows from LSFs for each sub-frame: the predictor, and the LSFs that condition the modules."""

    def __init__(self, lsf_quantizer):
        self._lsf_quantizer, self._previous = lsf_quantizer, Previous()

    def __call__(self, lsf):
        """Quantised LSFs (F, 16) -> predictors float64 (S, 17), normalised LSFs float32 (S, 16)."""
        smooth = lpc.interpolate_lsf(lsf, self._previous(lsf))
        return lpc.lpc_from_lsf(smooth), self._lsf_quantizer.normalise(smooth)


def code_gain(residual):
    """RMS per 10 ms in steps of 3 dB: residual (160 G,) -> symbols int64 (G,)."""
    power = np.mean(np.square(residual.reshape(-1, GAIN_FRAME)), axis=1)
    z = np.log(np.sqrt(power + np.float32(GAIN_FLOOR ** 2)))
    z = z * np.float32(GAIN_STEPS_PER_OCTAVE / math.log(2.0)) + GAIN_OFFSET
    return np.clip(np.rint(z), -SIDE_LIMIT, SIDE_LIMIT).astype(np.int64)


class GainContour:
    """Gain per sample from gain symbols: a ramp of 5 ms in the log domain, then constant."""

    def __init__(self):
        self._previous = Previous()

    def __call__(self, gain):
        """Gain symbols (G,) -> float32 (160 G,)."""
        log = (gain.astype(np.float32) - GAIN_OFFSET)[:, None] * np.float32(math.log(2.0) / GAIN_STEPS_PER_OCTAVE)
        before = np.maximum(self._previous(log), log - np.float32(MAX_RISE * math.log(2.0)))
        contour = np.empty((len(log), GAIN_FRAME), np.float32)
        contour[:, :SUBFRAME] = np.exp(before + (log - before) * _RAMP)
        contour[:, SUBFRAME:] = np.exp(log)
        return contour.reshape(-1)


class SideCondition:
    """Side information per code frame and the one before it.

    Args:
        hop: samples per code frame.
    """

    def __init__(self, hop):
        self._hop, self._previous = hop, Previous()

    def __call__(self, lsf, gain):
        """Side information that conditions a module.

        Args:
            lsf: normalised LSFs (S, 16).
            gain: gain symbols (G,).

        Returns:
            float32 (K, C): LSFs at the code frame's end, its gains (two for a 20 ms hop, else one), and the same of
            the one before.
        """
        every = self._hop // SUBFRAME
        gain = (gain.astype(np.float32) - np.float32(GAIN_MEAN)) / np.float32(GAIN_SPREAD)
        if self._hop == FRAME_SAMPLES:
            gains = gain.reshape(-1, GAINS)
        else:
            gains = np.repeat(gain, GAIN_FRAME // self._hop)[:, None]
        now = np.concatenate([lsf[every - 1:: every], gains], axis=1)
        return np.concatenate([now, self._previous(now)], axis=1)
