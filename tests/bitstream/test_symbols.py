import numpy as np

from neuralcodec.architecture.layout import MODULE_LIMIT
from neuralcodec.bitstream.symbols import from_zigzag, to_zigzag


def test_zigzag_lists_small_values_first():
    assert from_zigzag(np.arange(7)).tolist() == [0, 1, -1, 2, -2, 3, -3]


def test_zigzag_is_invertible():
    values = np.arange(-MODULE_LIMIT, MODULE_LIMIT + 1)
    np.testing.assert_array_equal(from_zigzag(to_zigzag(values)), values)
    assert sorted(to_zigzag(values)) == list(range(2 * MODULE_LIMIT + 1))
