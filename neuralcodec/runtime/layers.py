"""What brings pieces together: what arrives in pieces comes out as if it had arrived at once. And the dense layer.

All work on arrays without a batch axis, time first: code frames (K, C) or samples (n,).
"""

import contextlib

import numpy as np

from neuralcodec.errors import PresetError

FRAMES_AT_ONCE = 200  # four seconds: shorter pieces cost more calls, longer ones leave the processor's cache


@contextlib.contextmanager
def distrusted():
    """Weights may come from a stranger: what they make overflow is no warning; see `checked`."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        yield


def checked(x):
    """The same array, if it has no NaN: before it becomes integers or sound.

    Raises:
        PresetError: it has. Samples and symbols are bounded, so that only weights can be the cause.
    """
    if np.isnan(x).any():
        raise PresetError("The preset cannot be used: its weights make no numbers of speech; ask its author for "
                          "another version.")
    return x


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
    """The rows of a table, over and over, from where the last call ended.

    Args:
        table: (rows, ...).
        start: number of the first row; beyond the last the table begins again.
    """

    def __init__(self, table, start=0):
        self._table, self._next = table, start

    def __call__(self, count):
        """-> the next rows, (count, ...)."""
        rows = (self._next + np.arange(count)) % len(self._table)
        self.skip(count)
        return self._table[rows]

    def skip(self, count):
        """Passes over rows."""
        self._next += count


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
