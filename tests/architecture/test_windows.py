import numpy as np
import pytest

from neuralcodec.architecture.windows import windows


@pytest.mark.parametrize("length, size, hop", [(10, 3, 1), (10, 3, 4), (480, 480, 80), (5, 2, 7)])
def test_windows_are_those_of_numpy(length, size, hop):
    x = np.random.default_rng(0).normal(0, 1, length).astype(np.float32)
    found = windows(x, size, hop)
    np.testing.assert_array_equal(found, np.lib.stride_tricks.sliding_window_view(x, size)[::hop])
    assert np.shares_memory(found, x)
