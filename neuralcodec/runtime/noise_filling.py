"""Noise in the place of zeros, with memory."""

import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES
from neuralcodec.architecture.noise import NOISE
from neuralcodec.runtime.layers import Cycle


class NoiseFill:
    """Puts noise where a symbol is 0.

    Args:
        log_level: trained level of each coefficient (hop,), a logarithm.
        first_frame: number of the frame with which decoding begins: noise belongs to its place in the file.
    """

    def __init__(self, log_level, first_frame=0):
        hop = len(log_level)
        self._noise = Cycle(NOISE.reshape(-1, hop) * np.exp(log_level), first_frame * FRAME_SAMPLES // hop)

    def __call__(self, symbols):
        """Symbols (K, hop) -> noise in units of the step (K, hop), 0 where the symbol is not."""
        return np.where(symbols == 0, self._noise(len(symbols)), np.float32(0))

    def skip(self, count):
        """Passes over the noise of code frames that another one fills."""
        self._noise.skip(count)
