import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuralcodec.bitstream.integer_network import IntegerNetwork
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
