"""Quantisation to trained bins, as the model does it in its forward pass."""

import numpy as np

from neuralcodec.architecture.layout import BIN_RANGE, num_bins
from neuralcodec.runtime.layers import checked


class SoftmaxQuantizer:
    """Assigns values to the nearest of the bins, each within `BIN_RANGE` of its symbol.

    Args:
        offset: trained offsets (codebooks * (2 * limit + 1),).
        limit: the largest symbol.
    """

    def __init__(self, offset, limit):
        size = num_bins(limit)
        symbols = np.arange(-limit, limit + 1, dtype=np.float32)
        bins = symbols + np.float32(BIN_RANGE) * np.tanh(offset.reshape(-1, size))  # (codebooks, size)
        borders = (bins[:, :-1] + bins[:, 1:]) / 2
        endless = np.full((len(bins), 1), np.inf, np.float32)
        self._limit, self._bins = limit, bins.reshape(-1)
        self._lower = np.concatenate([-endless, borders], axis=1).reshape(-1)
        self._upper = np.concatenate([borders, endless], axis=1).reshape(-1)
        # Where each value's codebook has its symbol 0: one number, or one for each codebook.
        self._middle = limit + size * np.arange(len(bins)) if len(bins) > 1 else limit

    def quantise(self, z):
        """Values (K, C) in units of the step -> symbols int64 (K, C)."""
        symbols = np.clip(np.rint(checked(z)), -self._limit, self._limit).astype(np.int64)
        index = symbols + self._middle
        symbols += z > self._upper.take(index)  # the nearest bin is never further than a neighbour away
        symbols -= z < self._lower.take(index)
        return symbols

    def reconstruct(self, symbols):
        """Symbols int64 (K, C) -> bin positions float32 (K, C) in units of the step."""
        return self._bins.take(symbols + self._middle)
