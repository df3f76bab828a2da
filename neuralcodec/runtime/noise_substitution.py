"""Noise for what the cascade has lost, with memory."""

import numpy as np

from neuralcodec.architecture.config import (
    BAND_HZ,
    BANDS,
    FIRST_NOISE_LOGIT,
    MAX_NOISE_LEVEL,
    NOISE_FRAMES,
    NOISE_WIDTH,
    POWER_FLOOR,
)
from neuralcodec.architecture.noise import NOISE_BESIDE
from neuralcodec.architecture.transform import lapped_basis
from neuralcodec.runtime.layers import Correction, Cycle, InverseTransform, Queue
from neuralcodec.runtime.side import Condition


class NoiseSubstitution:
    """Makes noise as loud as side information and the coefficients of the first module tell.

    Args:
        config: CascadeConfig.
        weights: dict of name -> float32 array, of the whole cascade.
    """

    def __init__(self, config, weights):
        hop = config.modules[0].hop
        self._first, self._noise = config.noise_above // BAND_HZ, Cycle(NOISE_BESIDE.reshape(-1, hop))
        self._network = Correction(weights, "noise_substitution/network", BANDS, NOISE_WIDTH, 1, NOISE_FRAMES)
        self._condition, self._inverse = Condition(hop), InverseTransform(lapped_basis(hop))
        self._waveform = Queue()  # waits for the other modules

    def __call__(self, coefficients, smooth, gain, count):
        """Makes noise.

        Args:
            coefficients: decoded by the first module by now, (K, hop).
            smooth, gain: side information of the frames.
            count: samples that all modules have decoded by now.

        Returns:
            float32 (count,).
        """
        levels = self._levels(coefficients, self._condition(smooth, gain))
        each = np.repeat(np.pad(levels, [(0, 0), (self._first, 0)]), coefficients.shape[1] // BANDS, axis=1)
        self._waveform.push(self._inverse(each * self._noise(len(levels))))
        return self._waveform.pop(count)

    def _levels(self, t, condition):
        """Coefficients (K, hop), side information (at least K, C) -> RMS of the noise (K, bands)."""
        power = np.mean(np.square(t.reshape(len(t), BANDS, t.shape[1] // BANDS)), axis=2)
        logit = self._network(np.log(power + np.float32(POWER_FLOOR)), condition) + np.float32(FIRST_NOISE_LOGIT)
        return np.float32(MAX_NOISE_LEVEL) / (1 + np.exp(-np.maximum(logit, np.float32(-80))))
