"""The symbols of a frame: how many, how large, and the order in which an alphabet lists them.

A frame is 20 ms of audio: 320 samples at 16 kHz. Its symbols are small signed integers. Alphabets list them in zigzag
order 0, +1, -1, +2, -2, ..., so that the likely values come first; the last entry of an alphabet is the escape, which
stands for every value the alphabet does not reach.
"""

import numpy as np

from neuralcodec.architecture.layout import MODULE_LIMIT, SIDE_LIMIT, num_bins
from neuralcodec.architecture.lpc import GAINS, ORDER

FRAMES_PER_BLOCK = 50  # a second

LSF_SYMBOLS, GAIN_SYMBOLS = ORDER, GAINS  # of a frame
SIDE_VALUES = num_bins(SIDE_LIMIT)
MODULE_VALUES = num_bins(MODULE_LIMIT)
MEAN_FRACTIONS = 8  # means of symbols are in eighths

STEPS_PER_OCTAVE = 256  # a file's global step scale is 2^(step index / 256): one index moves the rate by 1 %
STEP_INDEX_LIMIT = 512  # a scale of 1/4 to 4


def to_zigzag(values):
    """Place of signed values in the order 0, +1, -1, +2, -2, ...

    Args:
        values: signed integers, any shape.

    Returns:
        Integers >= 0 of the same shape.

    Example:
        >>> to_zigzag(np.array([0, 1, -1, 2, -2]))
        array([0, 1, 2, 3, 4])
    """
    values = np.asarray(values)
    return 2 * np.abs(values) - (values > 0)


def from_zigzag(places):
    """Signed values at the given places of the zigzag order; the inverse of `to_zigzag`.

    Args:
        places: integers >= 0, any shape.

    Returns:
        Signed integers of the same shape.
    """
    places = np.asarray(places)
    return np.where(places & 1, (places + 1) >> 1, -(places >> 1))
