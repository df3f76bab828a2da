"""The cascade: what it costs, what it delays, what learns, and that gradients reach everything."""
import math

import numpy as np
import pytest
from gradients import gradients
from keras import ops

from neuralcodec.architecture.config import CascadeConfig, ModuleConfig
from neuralcodec.architecture.framing import MAX_DELAY
from neuralcodec.architecture.layout import weight_shapes
from neuralcodec.architecture.transform import lapped_basis
from neuralcodec.model.cascade import Cascade, packed
from neuralcodec.model.side import code_gain, gain_contour

SMALL = dict(encoder_width=8, decoder_width=8, step_width=8, context_width=8)
SYSTEMS = {  # the four systems of the papers, as configurations of one model
    "single module": CascadeConfig(lpc="none", modules=(ModuleConfig(**SMALL),)),
    "CMRL": CascadeConfig(lpc="none", modules=(ModuleConfig(**SMALL), ModuleConfig(hop=80, lookahead=2, **SMALL))),
    "LPC + CMRL": CascadeConfig(lpc="fixed", modules=(ModuleConfig(**SMALL), ModuleConfig(hop=80, **SMALL))),
    "CQ": CascadeConfig(lpc="trained", modules=(ModuleConfig(**SMALL), ModuleConfig(hop=80, lookahead=2, **SMALL))),
    "three modules": CascadeConfig(modules=(ModuleConfig(hop=160, **SMALL), ModuleConfig(hop=80, **SMALL),
                                            ModuleConfig(hop=80, lookahead=1, **SMALL))),
}


def silence_corrections(cascade, log_step):
    """Leaves the bare transform codec: no CNN corrections, steps as given."""
    for module in cascade.chain:
        module.log_step.assign(np.full(module.log_step.shape, log_step))
        for correction in (module.encoder, module.decoder):
            correction.leave.kernel.assign(np.zeros(correction.leave.kernel.shape))


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_codes_speech(voice, name):
    cascade = Cascade(SYSTEMS[name])
    silence_corrections(cascade, -1.5)
    out = cascade(voice)
    decoded, kbps = ops.convert_to_numpy(out["decoded"]), ops.convert_to_numpy(out["kbps"])
    assert decoded.shape == voice.shape
    assert kbps.shape == (1, 1 + len(SYSTEMS[name].modules)) and np.all(kbps > 0)
    whole = slice(0, 32000 - MAX_DELAY)
    noise = np.sum((voice - decoded)[:, whole] ** 2)
    assert 10 * np.log10(np.sum(voice[:, whole] ** 2) / noise) > 20


def test_each_module_codes_what_is_left_over(voice):
    cascade = Cascade(SYSTEMS["CQ"])
    silence_corrections(cascade, -1.0)
    errors = []
    for active in (1, 2):
        cascade.active = active
        errors.append(float(np.sum((voice - ops.convert_to_numpy(cascade(voice)["decoded"]))[:, :30000] ** 2)))
    assert errors[1] < 0.95 * errors[0]


def test_lapped_basis_is_orthonormal_and_cancels_aliasing():
    n = 80
    basis = lapped_basis(n).astype("float64")
    np.testing.assert_allclose(basis.T @ basis, np.eye(n), atol=1e-6)
    np.testing.assert_allclose(basis[n:].T @ basis[:n], 0, atol=1e-6)  # neighbouring frames do not see one another


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_sample_reaches_only_what_comes_after_it_less_the_delay(voice, name):
    config = SYSTEMS[name]
    cascade = Cascade(config)
    changed, position = voice.copy(), 16000
    changed[0, position:] += 0.3 * np.random.default_rng(1).standard_normal(changed.shape[1] - position)
    before, after = (ops.convert_to_numpy(cascade(x)["decoded"])[0] for x in (voice, changed))
    first = np.flatnonzero(np.abs(before - after) > 1e-6)[0]
    assert position - first <= config.delay <= MAX_DELAY
    assert first < position + 320  # the change does come out


def test_gain_contour_follows_the_level():
    rng = np.random.default_rng(0)
    level = np.repeat([0.01, 0.1, 0.1, 0.02], 1600)
    residual = (level * rng.standard_normal(6400)).astype("float32")[None]
    normal = residual / ops.convert_to_numpy(gain_contour(code_gain(residual)))
    for i in range(4):
        assert 0.6 < np.std(normal[0, 1600 * i + 200: 1600 * (i + 1)]) < 1.6


def test_packed_codes_come_later_by_their_delay():
    code_frames = np.arange(1.0, 1 + 12 * 80, dtype="float32").reshape(1, 12, 80)
    frames = ops.convert_to_numpy(packed(code_frames, 3))
    assert frames.shape == (1, 3, 320)
    assert np.all(frames[0, 0, :240] == 0) and frames[0, 0, 240] == 1 and frames[0, 1, 0] == 81


@pytest.mark.parametrize("lpc_kind, learns", [("trained", True), ("fixed", False)])
def test_collaborative_quantisation_is_what_trains_the_lsf_codebooks(lpc_kind, learns):
    cascade = Cascade(CascadeConfig(lpc=lpc_kind, modules=(ModuleConfig(**SMALL),)))
    assert any(v is cascade.lsf_quantizer.log_step for v in cascade.trainable_variables) is learns


def test_gradients_reach_every_trainable_weight(voice):
    cascade = Cascade(SYSTEMS["CQ"])
    # Corrections start at zero, and so do gradients behind them.
    for correction in (cascade.chain[1].encoder, cascade.chain[1].decoder):
        correction.leave.kernel.assign(0.01 * np.random.default_rng(1).standard_normal(correction.leave.kernel.shape))

    def loss():
        x = ops.convert_to_tensor(voice[:, :6400])
        out = cascade(x)
        return ops.mean(ops.square(out["decoded"] - x)) + 0.01 * ops.mean(ops.sum(out["kbps"], -1))

    variables = cascade.trainable_variables
    found = zip(variables, gradients(loss, variables=variables))
    dead = [variable.path for variable, gradient in found if not gradient.any() or not np.isfinite(gradient).all()]
    assert not dead


def test_bits_of_a_later_module_do_not_steer_those_before(voice):
    cascade = Cascade(SYSTEMS["CQ"])
    silence_corrections(cascade, -1.0)  # both modules have much to say, and the second's encoder hears the first
    leave = cascade.chain[1].encoder.leave.kernel
    leave.assign(0.01 * np.random.default_rng(1).standard_normal(leave.shape))
    values = gradients(lambda: ops.mean(cascade(voice[:, :6400])["kbps"][:, 2]), variables=cascade.trainable_variables)
    of_module = [sum(len(module.trainable_variables) for module in cascade.chain[:count]) for count in (0, 1, 2)]
    first, second = (values[len(values) - of_module[2]:][start:end] for start, end in zip(of_module, of_module[1:]))
    assert not any(gradient.any() for gradient in first)
    assert any(gradient.any() for gradient in second)


def test_bundled_configurations_stay_below_a_million_parameters():
    from pathlib import Path

    import neuralcodec.training
    from neuralcodec.training.nested_config import find_config

    paths = sorted((Path(neuralcodec.training.__file__).parent / "configs").glob("*.json"))
    assert paths
    for path in paths:
        model = find_config(path).model
        assert model.delay <= MAX_DELAY
        assert sum(math.prod(shape) for shape in weight_shapes(model).values()) <= 1_000_000
