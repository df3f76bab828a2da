"""Long-term prediction in floats, for training, is the one in integers that writes the files."""
import numpy as np
import pytest
from gradients import gradients
from keras import ops

from neuralcodec.architecture.transform import lapped_basis
from neuralcodec.bitstream.ltp import ANALYSIS_BITS, SYNTHESIS_BITS, LongTermPredictor
from neuralcodec.model.entropy_model import PredictedContext
from neuralcodec.model.ltp import predict


@pytest.mark.parametrize("hop", [80, 160])
def test_floats_predict_what_integers_do(hop):
    rng = np.random.default_rng(0)
    basis, step = lapped_basis(hop), rng.uniform(0.4, 1.2, hop)
    pulses = np.resize(np.where(np.arange(93) < 4, 6.0, 0.0), 9600) + rng.normal(0, 0.4, 9600)
    frames = np.stack([pulses[i: i + 2 * hop] for i in range(0, 9600 - 2 * hop, hop)])
    symbols = np.rint(frames @ basis / step)
    integers = LongTermPredictor(np.rint(basis * step * 2 ** SYNTHESIS_BITS).astype(np.int16),
                                 np.rint(basis / step * 2 ** ANALYSIS_BITS).astype(np.int16))
    wanted, wanted_correlation = integers.predict(integers.histories(symbols))
    found, correlation = (ops.convert_to_numpy(v)[0] for v in predict(
        ops.convert_to_tensor(symbols[None].astype("float32")), ops.convert_to_tensor(basis.astype("float32")),
        ops.convert_to_tensor(step.astype("float32"))))
    same = np.abs(found - wanted / 8).max(axis=1) < 0.15  # a grain's difference may choose another lag
    assert same.mean() > 0.95
    np.testing.assert_allclose(correlation[same, 0], wanted_correlation[same, 0] / 64, atol=0.08)
    assert np.mean(np.square(found[8:] - symbols[8:])) < 0.5 * np.mean(np.square(symbols[8:]))


def test_symbols_learn_to_be_small_and_not_to_be_predictable():
    context = PredictedContext(80, 80, 8)
    context.build()
    symbols = np.round(np.random.default_rng(0).normal(0, 3, (1, 4, 320))).astype("float32")
    for_basis, for_step, for_symbols, for_network = gradients(
        lambda basis, step, symbols: ops.sum(context(symbols, ops.zeros((1, 4, 18)), basis, step)),
        [lapped_basis(80).astype("float32"), np.ones(80, "float32"), symbols], [context.network.out.kernel])
    assert not for_basis.any() and not for_step.any()
    assert np.all(np.sign(for_symbols) == np.sign(symbols))
    assert np.abs(for_network).max() > 0
