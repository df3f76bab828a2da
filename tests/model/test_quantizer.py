"""The softmax quantiser: hard forward, soft backward, bins that train and stay in order."""
import numpy as np
from gradients import gradients
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from neuralcodec.model.quantizer import SPARSE, SoftmaxQuantizer, straight_through

LIMIT = 7
SYMBOLS = np.arange(-LIMIT, LIMIT + 1, dtype="float32")


def trained_quantizer(codebooks=1, seed=0):
    quantizer = SoftmaxQuantizer(LIMIT, codebooks=codebooks)
    rng = np.random.default_rng(seed)
    quantizer.offset.assign(rng.standard_normal(quantizer.offset.shape))
    return quantizer


def slopes(function, values):
    found, = gradients(function, [values])
    return found


def points(quantizer, symbols):
    """Where its bins are."""
    return ops.convert_to_numpy(quantizer.reconstruct(ops.convert_to_tensor(symbols)))


def test_starts_as_rounding():
    z = np.array([-9.0, -1.4, -0.2, 0.6, 3.2, 20.0], "float32")
    value, symbol = map(ops.convert_to_numpy, SoftmaxQuantizer(LIMIT)(z))
    np.testing.assert_allclose(value, [-7, -1, 0, 1, 3, 7], atol=1e-6)
    np.testing.assert_array_equal(symbol, [-7, -1, 0, 1, 3, 7])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-12, 12, width=32), min_size=1, max_size=20), st.integers(0, 5))
def test_forward_is_the_nearest_of_all_bins(values, seed):
    quantizer = trained_quantizer(seed=seed)
    bins = points(quantizer, SYMBOLS)
    z = np.array(values, "float32")
    value, symbol = map(ops.convert_to_numpy, quantizer(z))
    nearest = np.min(np.abs(z[:, None] - bins), axis=1)
    np.testing.assert_allclose(np.abs(z - value), nearest, atol=1e-5)
    np.testing.assert_allclose(bins[symbol.astype(int) + LIMIT], value, atol=1e-6)


def test_bins_keep_their_order_whatever_is_trained():
    quantizer = SoftmaxQuantizer(LIMIT)
    quantizer.offset.assign(np.where(np.arange(2 * LIMIT + 1) % 2, 1e6, -1e6))
    assert np.all(np.diff(points(quantizer, SYMBOLS)) > 0.05)


def test_each_position_has_its_own_codebook():
    quantizer = trained_quantizer(codebooks=3)
    values = points(quantizer, np.zeros((1, 3), "float32"))[0]
    expected = 0.45 * np.tanh(ops.convert_to_numpy(quantizer.offset).reshape(3, -1)[:, LIMIT])
    np.testing.assert_allclose(values, expected, atol=1e-6)
    assert len(set(values)) == 3


def test_gradient_is_soft_not_zero():
    z = np.linspace(-3.3, 3.3, 25, dtype="float32")
    quantizer = SoftmaxQuantizer(LIMIT)
    slope = slopes(lambda x: ops.sum(quantizer(x)[0]), z)
    assert np.all(slope > 0.8) and np.all(slope < 1.1)


def test_symbols_carry_the_gradient_of_the_value_for_the_rate():
    slope = slopes(lambda x: ops.sum(straight_through(x, ops.round(x)) ** 2), np.array([1.3], "float32"))
    np.testing.assert_allclose(slope, [2.0])


def test_a_harder_softmax_does_not_let_zeros_follow_their_input():
    z = np.array([0.0, 0.5], "float32")
    soft, hard = (slopes(lambda z: ops.sum(quantizer(z)[0]), z)
                  for quantizer in (SoftmaxQuantizer(LIMIT), SoftmaxQuantizer(LIMIT, alpha=SPARSE)))
    assert soft[0] > 0.8 and hard[0] < 0.1
    assert hard[1] > soft[1] > 0.9
