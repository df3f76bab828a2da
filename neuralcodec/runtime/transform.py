"""Lapped transforms of waveforms, whatever their basis, with memory."""

import numpy as np


class Transform:
    """Lapped transform: code frame k sees samples hop (k - 1) to hop (k + 1), zeros before the first.

    Args:
        basis: (2 hop, hop).
    """

    def __init__(self, basis):
        self._basis = basis
        self._past = np.zeros((1, basis.shape[1]), np.float32)

    def __call__(self, x):
        """Samples (K hop,) -> coefficients (K, hop)."""
        blocks = np.concatenate([self._past, x.reshape(-1, self._basis.shape[1])])
        self._past = blocks[-1:]
        return np.concatenate([blocks[:-1], blocks[1:]], axis=1) @ self._basis


class InverseTransform:
    """Overlap-add of the transposed transform. The first code frame only completes what lies before sample 0.

    Args:
        basis: (2 hop, hop).
    """

    def __init__(self, basis):
        self._basis = np.ascontiguousarray(basis.T)  # (hop, 2 hop)
        self._tail = None  # (1, hop), the half that waits for the next code frame

    def __call__(self, t):
        """Coefficients (K, hop) -> samples (K hop,), at the beginning fewer by one hop."""
        hop = len(self._basis)
        halves = t @ self._basis  # (K, 2 hop)
        tails = halves[:, hop:] if self._tail is None else np.concatenate([self._tail, halves[:, hop:]])
        if not len(tails):
            return np.zeros(0, np.float32)
        self._tail = tails[-1:]
        heads = halves[len(halves) + 1 - len(tails):, :hop]  # without the very first
        return (tails[:-1] + heads).reshape(-1)
