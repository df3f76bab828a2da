"""Silence in the place of frames that are missing."""

import numpy as np

from neuralcodec.architecture.layout import MODULE_SYMBOLS, SIDE_LIMIT
from neuralcodec.bitstream.frames import Frames
from neuralcodec.bitstream.symbols import GAIN_SYMBOLS, LSF_SYMBOLS


class Silence:
    """A streaming decoder that fills gaps with silence: frames of the lowest gain.

    They go through the decoder like all others, so that gains fade within 5 ms, windows overlap, and everything after
    the gap stays in its place.

    Args:
        decoder: as `make_decoder` makes it.
        modules: how many modules it decodes.
    """

    def __init__(self, decoder, modules):
        self._decoder, self._modules = decoder, modules

    def push(self, frames):
        """Decodes Frames that are there -> float32 (n,)."""
        return self._decoder.push(frames)

    def conceal(self, count):
        """Fills so many frames -> float32 (n,)."""
        gain = np.full((count, GAIN_SYMBOLS), -SIDE_LIMIT)
        modules = [np.zeros((count, MODULE_SYMBOLS), np.int8)] * self._modules
        return self._decoder.push(Frames(np.zeros((count, LSF_SYMBOLS), np.int8), gain, modules))
