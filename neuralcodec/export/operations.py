"""The operations that step graphs are made of, in NumPy: what each means, and how the shapes of a graph are found.

Besides these functions, tensors have `+ - * / @`, slices of rows `x[a:b]` and of columns `x[:, a:b]`, and `shape`.
Formats bring operations of the same names. All tensors are float32 but symbols and places in tables, which are int32.
"""

import numpy as np


class NumpyOperations:
    """What a graph computes, in NumPy."""

    exp, log, abs, sign, floor, rint = np.exp, np.log, np.abs, np.sign, np.floor, np.rint
    maximum, minimum, reshape = np.maximum, np.minimum, np.reshape

    @staticmethod
    def concat(parts, axis=0):
        return np.concatenate(parts, axis=axis)

    @staticmethod
    def above(x, threshold):
        """1 where x is larger than the threshold, else 0."""
        return np.greater(x, threshold).astype(np.float32)

    @staticmethod
    def take(table, places):
        """Entries (or rows) of an array at int32 places."""
        return table.take(places, axis=0)

    @staticmethod
    def as_float(x):
        return x.astype(np.float32)

    @staticmethod
    def as_int(x):
        return x.astype(np.int32)
