"""What brings pieces together: what arrives in pieces comes out as if it had arrived at once. And the dense layer.

All work on arrays without a batch axis, time first: code frames (K, C) or samples (n,).
"""

import contextlib

import numpy as np

from neuralcodec.errors import PresetError

FRAMES_AT_ONCE = 200  # four seconds: shorter pieces cost more calls, longer ones leave the processor's cache
ROWS_AT_ONCE = 50  # in a product that does not depend on pieces; FRAMES_AT_ONCE is a multiple of it


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


class Product:
    """x @ matrix. Arguments are those of `SteadyProduct`; to this one it is all the same how late rows are."""

    def __init__(self, matrix, late=0):
        self._matrix = matrix

    def __call__(self, x):
        """(K, C) -> (K, width)."""
        return x @ self._matrix


class SteadyProduct:
    """x @ matrix, of which every row is the same to the last bit, however many rows come at once.

    BLAS adds up in another order for other numbers of rows, and at the edges of its tiles. So rows are multiplied in
    groups of one size, each at the place that its number gives it; where a group is not complete, the places of the
    other rows hold whatever was there.

    Args:
        matrix: (C, width).
        late: how many rows fewer than of other products have come, because the first ones wait. Groups of all products
            end together then, and a piece of a file with a complete one.
    """

    def __init__(self, matrix, late=0):
        self._matrix, self._next = matrix, late % ROWS_AT_ONCE  # the place of the next row
        self._group = np.zeros((ROWS_AT_ONCE, len(matrix)), matrix.dtype)

    def __call__(self, x):
        """(K, C) -> (K, width)."""
        y = np.empty((len(x), self._matrix.shape[1]), self._matrix.dtype)
        start = min(-self._next % ROWS_AT_ONCE, len(x))
        groups = (len(x) - start) // ROWS_AT_ONCE
        end = start + groups * ROWS_AT_ONCE
        shape = groups, ROWS_AT_ONCE, -1
        self._multiply(x[:start], y[:start])
        if groups:
            np.matmul(x[start: end].reshape(shape), self._matrix, out=y[start: end].reshape(shape))
        self._multiply(x[end:], y[end:])
        return y

    def _multiply(self, x, y):
        """Rows of one group, from the next place on."""
        if len(x):
            places = slice(self._next, self._next + len(x))
            self._group[places] = x
            y[:] = (self._group @ self._matrix)[places]
            self._next = (self._next + len(x)) % ROWS_AT_ONCE


class Dense:
    """x @ kernel + bias; the bias may be missing.

    Args:
        weights: dict of name -> float32 array.
        name: of the layer: the prefix of its arrays in `weights`.
        product: makes what multiplies of a matrix: `Product` or `SteadyProduct`.
    """

    def __init__(self, weights, name, product=Product):
        self._product = product(weights[f"{name}/kernel"])
        self._bias = weights.get(f"{name}/bias")

    def __call__(self, x):
        """(K, C) -> (K, width)."""
        y = self._product(x)
        if self._bias is not None:
            y += self._bias
        return y
