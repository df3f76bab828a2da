import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuralcodec.bitstream.integer_network import (
    IntegerNetwork,
    delayed,
    pooled_features,
    scale_shift,
    shared_features,
    side_distributions,
    side_features,
)
from neuralcodec.errors import PresetError


def in_plain_integers(network, features):
    """The network in Python's integers, as docs/format.md defines it."""
    w1, b1, w2, b2 = (array.tolist() for array in (network.w1, network.b1, network.w2, network.b2))
    hidden = [
        min(max((sum(u * w1[i][j] for i, u in enumerate(features)) + b1[j] + 2048) >> 12, 0), 255)
        for j in range(len(b1))
    ]
    sums = [sum(h * w2[j][k] for j, h in enumerate(hidden)) + b2[k] for k in range(len(b2))]
    return [(total + (1 << 14)) >> 15 for total in sums]


def extreme_network(seed, inputs, hidden, outputs, limit):
    rng = np.random.default_rng(seed)

    def draw(bits, *shape):
        return rng.integers(-(limit << bits - 16), limit << bits - 16, shape)

    return IntegerNetwork(
        draw(16, inputs, hidden).astype(np.int16),
        draw(32, hidden).astype(np.int32),
        draw(16, hidden, outputs).astype(np.int16),
        draw(32, outputs).astype(np.int32),
    )


@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 12), st.sampled_from([20, 1000, 1 << 15]))
def test_network_equals_plain_integers(seed, inputs, hidden, limit):
    network = extreme_network(seed, inputs, hidden, 5, limit)
    features = np.random.default_rng(seed + 1).integers(-255, 256, (3, inputs))
    assert network.forward(features).tolist() == [in_plain_integers(network, row) for row in features.tolist()]


def test_network_is_exact_where_sums_are_largest():
    full = np.full((676, 4), -(1 << 15), np.int16)
    network = IntegerNetwork(full, np.full(4, (1 << 31) - 1, np.int32), full[:4], np.full(4, -(1 << 31), np.int32))
    features = [-255] * 676
    assert network.forward(np.array([features])).tolist() == [in_plain_integers(network, features)]


def test_partials_add_up():
    network = extreme_network(3, 20, 8, 6, 1000)
    features = np.random.default_rng(4).integers(0, 256, (7, 20))
    sums = network.partial(features[:, :12], 0) + network.partial(features[:, 12:], 12)
    np.testing.assert_array_equal(network.finish(sums), network.forward(features))


@pytest.mark.parametrize(
    "change",
    [
        {"w1": np.zeros((3, 4), np.float64)},
        {"b1": np.zeros(4, np.int64)},
        {"w1": np.zeros((3, 5), np.int16)},
        {"w1": np.zeros((0, 4), np.int16)},
        {"w1": np.zeros(4, np.int16)},
        {"w2": np.zeros((5, 2), np.int16)},
        {"b2": np.zeros((1, 2), np.int32)},
        {"b2": np.zeros(3, np.int32)},
    ],
)
def test_layers_that_do_not_fit_are_refused(change):
    network = IntegerNetwork(
        np.zeros((3, 4), np.int16), np.zeros(4, np.int32), np.zeros((4, 2), np.int16), np.zeros(2, np.int32)
    )
    with pytest.raises(PresetError):
        dataclasses.replace(network, **change)


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
