"""Side information: LSFs and gains as symbols, and what both sides derive from them.

F counts frames of 20 ms, S = 4 F sub-frames of 5 ms, G = 2 F gains of 10 ms.
"""

import math

import numpy as np

from neuralcodec.architecture.config import (
    FRAME_SAMPLES,
    GAIN_FLOOR,
    GAIN_FRAME,
    GAIN_OFFSET,
    SIDE_LIMIT,
    STEEPEST_RISE,
    SUBFRAME,
)
from neuralcodec.runtime import lpc
from neuralcodec.runtime.quantizer import Quantizer

_RAMP = ((np.arange(SUBFRAME) + 0.5) / SUBFRAME).astype(np.float32)  # how a gain moves to the next in 5 ms


class Delay:
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


class LsfCodec:
    """LSFs to symbols and back: one codebook for each, in standard deviations around its mean.

    Args:
        kind: `lpc` of the CascadeConfig; with "none", no LSFs are sent.
        weights: dict of name -> float32 array.
    """

    def __init__(self, kind, weights):
        self.mean, self.std = weights["lsf_quantizer/mean"], weights["lsf_quantizer/std"]
        self._step = np.exp(weights["lsf_quantizer/log_step"])
        self._quantizer = Quantizer(weights["lsf_quantizer/quantizer/offset"], SIDE_LIMIT)
        self._sent = kind != "none"

    def quantise(self, lsf):
        """LSFs (F, 16) in radians -> symbols (F, 16)."""
        return self._quantizer.quantise((lsf - self.mean) / self.std / self._step)

    def reconstruct(self, symbols):
        """Symbols (F, 16) -> ordered LSFs float32 (F, 16); the mean where none are sent."""
        if not self._sent:
            return np.broadcast_to(self.mean, symbols.shape)
        return lpc.order_lsf(self._quantizer.reconstruct(symbols) * self._step * self.std + self.mean)


class Filters:
    """Predictors and normalised LSFs per sub-frame from LSF symbols."""

    def __init__(self, kind, weights):
        self.codec = LsfCodec(kind, weights)
        self._delay = Delay()

    def __call__(self, symbols):
        """LSF symbols (F, 16) -> predictors (S, 17), normalised interpolated LSFs (S, 16)."""
        lsf = self.codec.reconstruct(symbols)
        smooth = lpc.interpolate_lsf(lsf, self._delay(lsf))
        return lpc.lpc_from_lsf(smooth), (smooth - self.codec.mean) / self.codec.std


def code_gain(residual):
    """RMS per 10 ms in steps of 3 dB: residual (160 G,) -> symbols int64 (G,)."""
    power = np.mean(np.square(residual.reshape(-1, GAIN_FRAME)), axis=1)
    z = np.log(np.sqrt(power + np.float32(GAIN_FLOOR ** 2))) * np.float32(2 / math.log(2.0)) + GAIN_OFFSET
    return np.clip(np.rint(z), -SIDE_LIMIT, SIDE_LIMIT).astype(np.int64)


class GainContour:
    """Gain per sample from gain symbols: a ramp of 5 ms in the log domain, then constant."""

    def __init__(self):
        self._delay = Delay()

    def __call__(self, gain):
        """Gain symbols (G,) -> float32 (160 G,)."""
        log = (gain.astype(np.float32) - GAIN_OFFSET)[:, None] * np.float32(math.log(2.0) / 2)
        before = np.maximum(self._delay(log), log - np.float32(STEEPEST_RISE * math.log(2.0)))
        contour = np.empty((len(log), GAIN_FRAME), np.float32)
        contour[:, :SUBFRAME] = np.exp(before + (log - before) * _RAMP)
        contour[:, SUBFRAME:] = np.exp(log)
        return contour.reshape(-1)


class Condition:
    """Side information per code frame of a hop: LSFs at its end and gains, of this frame and the one before."""

    def __init__(self, hop):
        self._hop, self._delay = hop, Delay()

    def __call__(self, lsf, gain):
        """Normalised LSFs (S, 16), gain symbols (G,) -> float32 (K, C)."""
        every = self._hop // SUBFRAME
        gain = (gain.astype(np.float32) - 2) / 6
        gains = gain.reshape(-1, 2) if self._hop == FRAME_SAMPLES else np.repeat(gain, GAIN_FRAME // self._hop)[:, None]
        now = np.concatenate([lsf[every - 1:: every], gains], axis=1)
        return np.concatenate([now, self._delay(now)], axis=1)
