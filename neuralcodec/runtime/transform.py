"""Lapped transforms of waveforms, whatever their basis, with memory."""

import numpy as np

from neuralcodec.runtime.layers import Product


class Transform:
    """Lapped transform: code frame k sees samples hop (k - 1) to hop (k + 1), zeros before the first.

    Args:
        basis: (2 hop, hop).
        product: as for `Dense`.
    """

    def __init__(self, basis, product=Product):
        self._product = product(basis)
        self._past = np.zeros((1, basis.shape[1]), np.float32)

    def __call__(self, x):
        """Samples (K hop,) -> coefficients (K, hop)."""
        blocks = np.concatenate([self._past, x.reshape(-1, self._past.shape[1])])
        self._past = blocks[-1:]
        return self._product(np.concatenate([blocks[:-1], blocks[1:]], axis=1))


class InverseTransform:
    """Overlap-add of the transposed transform. The first code frame only completes what lies before sample 0.

    Args:
        basis: (2 hop, hop).
        product: as for `Dense`.
    """

    def __init__(self, basis, product=Product):
        self._hop = basis.shape[1]
        self._product = product(np.ascontiguousarray(basis.T))  # (hop, 2 hop)
        self._tail = None  # (1, hop), the half that waits for the next code frame

    def __call__(self, t):
        """Coefficients (K, hop) -> samples (K hop,), at the beginning fewer by one hop."""
        hop = self._hop
        halves = self._product(t)  # (K, 2 hop)
        tails = halves[:, hop:] if self._tail is None else np.concatenate([self._tail, halves[:, hop:]])
        if not len(tails):
            return np.zeros(0, np.float32)
        self._tail = tails[-1:]
        heads = halves[len(halves) + 1 - len(tails):, :hop]  # without the very first
        return (tails[:-1] + heads).reshape(-1)
