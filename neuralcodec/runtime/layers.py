"""Layers with memory: what arrives in pieces comes out as if it had arrived at once.

All work on arrays without a batch axis, time first: frames (K, C) or samples (n,).
"""

import numpy as np


class Queue:
    """First in, first out: lets an early stream wait for a late one."""

    def __init__(self):
        self._waiting = ()

    def __len__(self):
        return len(self._waiting)

    def push(self, x):
        """Adds rows x (n, ...)."""
        self._waiting = np.concatenate([self._waiting, x]) if len(self._waiting) else x

    def pop(self, n):
        """Takes the n oldest rows; something must have been pushed."""
        out, self._waiting = self._waiting[:n], self._waiting[n:]
        return out


class Cycle:
    """The rows of a table, over and over, from where the last call ended."""

    def __init__(self, table):
        self._table, self._next = table, 0

    def __call__(self, count):
        """-> the next rows, (count, ...)."""
        rows = (self._next + np.arange(count)) % len(self._table)
        self._next += count
        return self._table[rows]


def leaky_relu(x):
    return np.maximum(x, np.float32(0.2) * x)


class Dense:
    """x @ kernel + bias; the bias may be missing.

    Args:
        weights: dict of name -> float32 array.
        name: of the layer: the prefix of its arrays in `weights`.
    """

    def __init__(self, weights, name):
        self._kernel = weights[f"{name}/kernel"]
        self._bias = weights.get(f"{name}/bias")

    def __call__(self, x):
        """(K, C) -> (K, width)."""
        y = x @ self._kernel
        if self._bias is not None:
            y += self._bias
        return y


class CausalConv1D:
    """Dense layer over the `kernel` neighbours of a frame, the last `lookahead` of which come after it.

    Zeros stand before the first frame. A frame comes out once its look-ahead is in.
    """

    def __init__(self, weights, name, width, kernel, lookahead=0):
        self._dense, self._size = Dense(weights, name), kernel
        self._past = np.zeros((kernel - 1 - lookahead, width), np.float32)

    def __call__(self, x):
        """(K, C) -> (K, width), at the beginning fewer by the look-ahead."""
        x = np.concatenate([self._past, x])
        count = max(0, len(x) - self._size + 1)
        self._past = x[count:]
        return self._dense(np.concatenate([x[i: i + count] for i in range(self._size)], axis=1))


class ResidualBlock:
    """x + expand(conv(squeeze(x))): a bottleneck over three frames."""

    def __init__(self, weights, name, width):
        self._squeeze = Dense(weights, f"{name}/squeeze")
        self._conv = CausalConv1D(weights, f"{name}/conv", width // 2, kernel=3)
        self._expand = Dense(weights, f"{name}/expand")

    def __call__(self, x):
        """(K, width) -> (K, width)."""
        y = leaky_relu(self._squeeze(x))
        y = self._expand(leaky_relu(self._conv(y)))
        y += x
        return y


class Correction:
    """The CNN of an encoder or decoder: coefficients and side information in, a correction of the coefficients out."""

    def __init__(self, weights, name, inputs, width, blocks, kernel, lookahead=0):
        self._enter = CausalConv1D(weights, f"{name}/enter", inputs, kernel, lookahead)
        self._condition = Dense(weights, f"{name}/condition")
        self._blocks = [ResidualBlock(weights, f"{name}/block_{i}", width) for i in range(blocks)]
        self._leave = Dense(weights, f"{name}/leave")
        self._conditions = Queue()

    def __call__(self, x, condition):
        """Coefficients (K, C) and side information (K, S) -> (K, hop), at the beginning fewer by the look-ahead."""
        h = self._enter(x)
        self._conditions.push(condition)
        h += self._condition(self._conditions.pop(len(h)))
        for block in self._blocks:
            h = block(h)
        return self._leave(leaky_relu(h))


class Transform:
    """Lapped transform of a waveform: frame k sees samples hop (k - 1) to hop (k + 1), zeros before the first."""

    def __init__(self, basis):
        self._basis = basis  # (2 hop, hop)
        self._past = np.zeros((1, basis.shape[1]), np.float32)

    def __call__(self, x):
        """Samples (K hop,) -> coefficients (K, hop)."""
        blocks = np.concatenate([self._past, x.reshape(-1, self._basis.shape[1])])
        self._past = blocks[-1:]
        return np.concatenate([blocks[:-1], blocks[1:]], axis=1) @ self._basis


class InverseTransform:
    """Overlap-add of the transposed transform. The first frame only completes what lies before sample 0."""

    def __init__(self, basis):
        self._basis = np.ascontiguousarray(basis.T)  # (hop, 2 hop)
        self._tail = None  # (1, hop), the half that waits for the next frame

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
