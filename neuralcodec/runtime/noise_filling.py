"""Noise in the place of zeros, with memory."""

import numpy as np

from neuralcodec.architecture.noise import NOISE
from neuralcodec.runtime.layers import Cycle


class NoiseFill:
    """Puts noise where a symbol is 0.

    Args:
        log_level: trained level of each coefficient (hop,), a logarithm.
    """

    def __init__(self, log_level):
        self._noise = Cycle(NOISE.reshape(-1, len(log_level)) * np.exp(log_level))

    def __call__(self, symbols):
        """Symbols (K, hop) -> noise in units of the step (K, hop), 0 where the symbol is not."""
        return np.where(symbols == 0, self._noise(len(symbols)), np.float32(0))
