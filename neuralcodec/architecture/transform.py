"""The lapped transform that modules start from, and in which noise is made. Knows no Keras."""
import numpy as np


def lapped_basis(n):
    """Orthonormal lapped transform (2n, n): sine window times cosines, inverted by its own transpose.

    Reference: Malvar, "Signal Processing with Lapped Transforms", 1992.
    """
    t, k = np.arange(2 * n) + 0.5, np.arange(n) + 0.5
    window = np.sin(np.pi * t / (2 * n))[:, None]
    return (window * np.sqrt(2 / n) * np.cos(np.pi / n * (t[:, None] + n / 2) * k)).astype("float32")
