"""The nested cascade: exact nesting, a transform that gives back what it takes, a decoder that is odd."""

import numpy as np
import pytest
from keras import ops
from nested_cascades import NESTED, make_nested

from neuralcodec.architecture.nested import NestedConfig, NestedModule
from neuralcodec.model.embedded_quantizer import EmbeddedQuantizer
from neuralcodec.model.transform import inverse_transform, transform


@pytest.fixture(scope="module", params=NESTED)
def cascade(request):
    return make_nested(NESTED[request.param])


def test_white_noise_comes_back_through_the_transform(cascade):
    x = np.random.default_rng(1).standard_normal((1, 16000)).astype("float32")
    y = ops.convert_to_numpy(inverse_transform(transform(x, cascade.basis), cascade.basis))
    inside = slice(0, 16000 - cascade.config.hop)
    error = np.sum((y - x)[:, inside] ** 2) / np.sum(x[:, inside] ** 2)
    assert 10 * np.log10(error) < -100


def test_symbols_nest_exactly():
    quantizer = EmbeddedQuantizer(NestedConfig(modules=(NestedModule(2000), NestedModule(4000), NestedModule(8000))))
    coded = (40, 80, 160)
    values = np.random.default_rng(1).laplace(0, 5, (2, 50, 160)).astype("float32")
    steps = np.full((2, 50, 160), 0.7, "float32")
    before = None
    for number in range(3):
        symbols, scaled, _ = quantizer(values, steps * 0.5 ** quantizer.halvings(number), number=number)
        symbols = ops.convert_to_numpy(symbols)
        assert not symbols[..., coded[number]:].any()
        if before is not None:
            sent = np.arange(160) < coded[number - 1]
            np.testing.assert_array_equal(np.floor(np.abs(symbols) / 2)[..., sent], np.abs(before)[..., sent])
            kept = before != 0
            np.testing.assert_array_equal(np.sign(symbols)[kept], np.sign(before)[kept])
        before = symbols


def test_zero_is_two_steps_wide_and_points_lie_in_the_middle():
    quantizer = EmbeddedQuantizer(NestedConfig())
    values = np.array([-1.2, -0.99, 0.0, 0.99, 1.01, 2.5], "float32")
    coded = quantizer(np.resize(values, (1, 1, 160)), np.ones((1, 1, 160), "float32"), number=0)
    symbols, _, points = (ops.convert_to_numpy(v).ravel()[:6] for v in coded)
    np.testing.assert_array_equal(symbols, [-1, 0, 0, 0, 1, 2])
    np.testing.assert_allclose(points, [-1.5, 0, 0, 0, 1.5, 2.5], atol=1e-6)


def test_the_decoder_is_odd(cascade):
    rng = np.random.default_rng(1)
    hop, width = cascade.config.hop, cascade.decoder.condition.kernel.shape[0]
    t, known = (rng.standard_normal((1, 12, size)).astype("float32") for size in (hop, width))
    there, back = (ops.convert_to_numpy(cascade.decoder(v, known)) for v in (t, -t))
    assert np.abs(there).max() > 1e-3
    np.testing.assert_allclose(back, -there, atol=1e-5)


def test_more_modules_come_closer():
    config = NestedConfig("trained", 160, 3 * (NestedModule(8000, 8),), 16, 1, 24, control_width=12, noise_above=0)
    cascade = make_nested(config)
    rng = np.random.default_rng(1)
    t = rng.standard_normal((1, 40, 160)).astype("float32")
    steps = np.full(t.shape, 0.9, "float32")
    errors = []
    for number in range(3):
        _, _, points = cascade.quantizer(t, steps * 0.5 ** cascade.quantizer.halvings(number), number=number)
        errors.append(np.mean((ops.convert_to_numpy(points) - t) ** 2))
    assert errors[1] < 0.45 * errors[0] and errors[2] < 0.45 * errors[1]


def test_bits_of_what_is_not_sent_are_zero(cascade):
    x = 0.1 * np.random.default_rng(1).standard_normal((1, 3200)).astype("float32")
    kbps = ops.convert_to_numpy(cascade(x, ops.ones((1,), "int32"))["kbps"])
    assert kbps.shape == (1, len(cascade.config.modules)) and (kbps > 0).all()
