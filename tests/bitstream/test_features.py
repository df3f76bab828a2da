import numpy as np
import pytest

from neuralcodec.bitstream.features import (
    delayed,
    pooled_features,
    scale_shift,
    shared_features,
    side_distributions,
    side_features,
)


def test_side_features():
    assert side_features(np.array([-31, 0, 1])).tolist() == [-248, 0, 8]


def test_pooled_features_sum_eight_neighbours_and_divide_by_four():
    features = np.zeros((2, 320))
    features[0, :8] = [1, 2, 3, 0, 0, 0, 0, 1]  # 7 >> 2
    features[1, 312:] = 255  # 8 * 255 >> 2, limited
    pooled = pooled_features(features)
    assert pooled.shape == (2, 40)
    assert (pooled[0, 0], pooled[1, 39], pooled.sum()) == (1, 255, 256)


def test_shared_features_are_lower_module_then_side():
    side, lower_module = np.full((3, 18), 8.0), np.full((3, 320), 2.0)
    side[1], lower_module[1] = 16, 4
    shared = shared_features(side, lower_module)
    assert shared.shape == (3, 116)
    expected = np.repeat([[4, 0, 8, 0], [8, 4, 16, 8], [4, 8, 8, 16]], [40, 40, 18, 18], axis=1)
    np.testing.assert_array_equal(shared, expected)
    np.testing.assert_array_equal(shared_features(side), shared[:, 80:])


@pytest.mark.parametrize("delay", [1, 2])
def test_delay_begins_with_zeros(delay):
    features = np.arange(1, 7).reshape(1, 3, 2)
    expected = np.zeros((1, 3, 2))
    expected[:, delay:] = features[:, :-delay]
    np.testing.assert_array_equal(delayed(features, delay), expected)


def test_delay_longer_than_the_block():
    assert not delayed(np.ones((1, 4)), 2).any()


def test_side_distributions():
    outputs = np.zeros((1, 18), np.int64)
    outputs[0, :3] = [3, -1, -8]
    outputs[0, 9:12] = [5, -4, 99]
    previous = np.zeros((1, 9), np.int64)
    previous[0, :3] = [2, 0, -3]
    centers, rows = side_distributions(outputs, previous, 128)
    assert centers[0, :3].tolist() == [2, -1, -4]
    assert rows[0, :3].tolist() == [5 * 8 + 3, 0 * 8 + 7, 15 * 8 + 0]


@pytest.mark.parametrize("step_index, shift", [(0, 0), (256, 6), (-256, -6), (20, 0), (21, 1), (-512, -13), (512, 13)])
def test_scale_shift_is_the_octaves_in_scale_indices(step_index, shift):
    assert scale_shift(step_index, 1618) == shift  # 1618 / 256 = 6.32 scales per octave
