"""From trained networks to integers: what the cascade estimates is what the integer tables cost."""
import numpy as np
import pytest
from keras import ops

from neuralcodec.architecture.config import CascadeConfig, ModuleConfig
from neuralcodec.bitstream.frames import Frames
from neuralcodec.bitstream.payloads import encode_block, ideal_bits
from neuralcodec.model.cascade import Cascade
from neuralcodec.training.calibration import symbols_of
from neuralcodec.training.table_fitting import fit_tables, nominal_tables
from neuralcodec.training.validation import runtime_weights

SMALL = dict(encoder_width=8, decoder_width=8, step_width=8, context_width=16)


@pytest.fixture(scope="module", ids=["", "long-term", "low"], params=[
    {}, dict(hop=80, long_term=True), dict(hop=160, long_term=True, coded_below=3000)])
def cascade(request):
    """Context networks that react strongly to their inputs, as trained ones do."""
    first = ModuleConfig(**request.param, **SMALL)
    model = Cascade(CascadeConfig(modules=(first, ModuleConfig(hop=80, lookahead=2, **SMALL))))
    rng = np.random.default_rng(0)
    for network in (model.side_context.first, model.side_context.second, *(m.context.network for m in model.chain)):
        network.hidden.kernel.assign(0.1 * rng.standard_normal(network.hidden.kernel.shape))
        network.out.kernel.assign(0.2 * rng.standard_normal(network.out.kernel.shape))
    for module in model.chain:
        module.log_step.assign(rng.uniform(-1, 1, module.log_step.shape))
    return model


@pytest.fixture(scope="module")
def clip(speech_folder):
    import soundfile

    return soundfile.read(speech_folder / "clip0.wav", dtype="float32")[0][:16000]


def test_the_integer_networks_cost_what_the_cascade_estimates(cascade, clip):
    frames = symbols_of(clip, cascade.config, runtime_weights(cascade))[:50]
    bits = ideal_bits(frames, nominal_tables(cascade))
    estimate = ops.convert_to_numpy(cascade(clip[None])["kbps"])[0] * 1000
    np.testing.assert_allclose(bits[:2], estimate[:2], rtol=0.03)
    assert bits[2] == pytest.approx(estimate[2], rel=0.05)  # its first frame, all zeros, is not in the estimate


def test_fitted_tables_cost_less_than_nominal_ones_and_are_reached(cascade, clip):
    frames = symbols_of(clip, cascade.config, runtime_weights(cascade))
    fitted = fit_tables(cascade, [frames])
    bits = ideal_bits(frames, fitted)
    assert np.all(bits <= ideal_bits(frames, nominal_tables(cascade)))
    size = sum(len(payload) for block in frames.blocks() for payload in encode_block(block, fitted))
    assert size * 8 == pytest.approx(bits.sum(), rel=0.01)


def test_all_frames_of_a_recording(cascade, clip):
    frames = symbols_of(clip[:1000], cascade.config, runtime_weights(cascade))
    assert isinstance(frames, Frames) and len(frames) == 4 + 2
