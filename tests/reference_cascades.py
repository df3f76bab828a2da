"""Small Keras cascades with weights that do something everywhere, and what they make of signals."""

import keras
import numpy as np
import pytest
from keras import ops

from neuralcodec.architecture.config import CascadeConfig, ModuleConfig
from neuralcodec.bitstream.frames import Frames
from neuralcodec.model import lpc
from neuralcodec.model.cascade import Cascade, predict_linearly
from neuralcodec.model.side import code_gain, gain_contour, previous, side_condition
from neuralcodec.runtime.lpc import lpc_from_lsf
from neuralcodec.zoo.weights import read_weights

SMALL = {"encoder_width": 16, "decoder_width": 24, "step_width": 8, "context_width": 8}

CONFIGS = {
    "one module, no LPC": CascadeConfig("none", (ModuleConfig(**SMALL),)),
    "one module that looks ahead": CascadeConfig(
        "fixed", (ModuleConfig(hop=160, lookahead=2, long_term=True, coded_below=3000, **SMALL),)),
    "two modules": CascadeConfig("trained", (ModuleConfig(**SMALL), ModuleConfig(hop=80, lookahead=2, **SMALL))),
    "frames out of step": CascadeConfig("fixed", (ModuleConfig(hop=80, **SMALL), ModuleConfig(hop=160, **SMALL)),
                                         noise_above=500),
    "three modules": CascadeConfig("trained", (ModuleConfig(hop=80, lookahead=1, encoder_blocks=2, **SMALL),
                                               ModuleConfig(hop=80, decoder_blocks=0, noise_fill=True, **SMALL),
                                               ModuleConfig(hop=320, encoder_blocks=0, noise_fill=True, **SMALL)),
                                   noise_above=4000),
}


def make_cascade(config):
    """A cascade whose corrections, steps and bins are far from where training starts."""
    keras.utils.set_random_seed(len(config.modules))
    cascade, rng = Cascade(config), np.random.default_rng(1)
    break_silence(cascade)
    for variable in cascade.weights:
        spread = {"offset": 0.5, "log_step": 0.2, "bias": 0.05, "mean": 0.01}.get(variable.name, 0.0)
        if variable.path.endswith("leave/kernel"):
            spread = 0.1
        if variable.path.endswith("noise/log_level"):
            variable.assign(np.full(variable.shape, -0.5, "float32"))  # loud enough to be missed
        variable.assign(variable + spread * rng.standard_normal(variable.shape).astype("float32"))
    cascade.lsf_quantizer.std.assign(np.linspace(0.05, 0.15, 16, dtype="float32"))
    return cascade


def break_silence(cascade):
    """Later modules start with steps so wide that they code nothing; makes them code something."""
    for module in cascade.chain[1:]:
        module.log_step.assign(np.full(module.config.hop, 0.7, "float32"))


def make_speech(samples, seed=0):
    """Something like speech: pulses and noise through moving resonances, with pauses, float32 in [-1, 1]."""
    rng, t = np.random.default_rng(seed), np.arange(samples)
    pulses = (np.diff(np.floor(t * (120 + 20 * np.sin(t / 4000)) / 16000), prepend=0) > 0) * 1.0
    x = 8 * pulses + rng.standard_normal(samples) * 0.3
    for frequency in (500, 1500, 2500):
        phase = 2 * np.pi * frequency * (1 + 0.2 * np.sin(t / 7000 + seed)) / 16000
        y = np.zeros(samples + 2)
        a1, a2 = 2 * 0.97 * np.cos(phase), -0.97**2
        for n in range(samples):
            y[n] = x[n] + a1[n] * y[n - 1] + a2 * y[n - 2]
        x = y[:samples] * 0.2
    x = x * (np.sin(2 * np.pi * t / 16000) > -0.7)
    return (0.3 * x / max(1e-9, np.abs(x).max())).astype("float32")


def fine_predictors(lsf):
    """LSFs (1, S, 16) -> predictors (1, S, 17), computed in float64 as in the runtime.

    What differs by rounding here is far louder at the output of 1/A(z): with predictors in float32 a sample is off by
    3e-5, with these by 5e-6. NumPy computes them, because JAX takes float32 where it is asked for float64;
    `runtime/test_lpc.py` holds the model's to them.
    """
    return ops.convert_to_tensor(lpc_from_lsf(ops.convert_to_numpy(lsf)[0])[None].astype("float32"))


class Reference:
    """A Keras cascade, its configuration and its weights as the runtime reads them from a file in `folder`."""

    def __init__(self, cascade, folder):
        self.config, self.cascade, self.path = cascade.config, cascade, folder / "model.weights.h5"
        cascade.save_weights(self.path)
        self.weights = read_weights(self.path)

    def code(self, x):
        """Codes a waveform (n,) of whole frames.

        Returns:
            Frames, and the decoded waveform with 1, 2, ... modules.
        """
        config, cascade, x = self.config, self.cascade, ops.convert_to_tensor(x[None])
        _, lsf, lsf_symbols = predict_linearly(x, cascade.lsf_quantizer, config.lpc != "none")
        smooth = lpc.interpolate_lsf(lsf, previous(lsf))
        predictor = fine_predictors(smooth)
        residual = x if config.lpc == "none" else lpc.analysis_filter(x, predictor)
        gain = code_gain(residual)
        contour = gain_contour(gain)
        target, reconstruction, symbols, decoded, noise = residual / contour, ops.zeros_like(x), [], [], None
        for module in cascade.chain:
            condition = side_condition(module.config.hop, cascade.lsf_quantizer.normalise(smooth), gain)
            part, codes = module(target - reconstruction, reconstruction, condition)
            reconstruction = reconstruction + module.inverse_transform(part)
            if noise is None:
                noise, _ = cascade.substitute(target, reconstruction, part, condition) if cascade.noise else (0.0, {})
            symbols.append(np.rint(ops.convert_to_numpy(codes[0])).astype(int))
            y = (reconstruction + noise) * contour
            y = y if config.lpc == "none" else lpc.synthesis_filter(y, predictor)
            decoded.append(ops.convert_to_numpy(y[0]))
        for i, (module, delay) in enumerate(zip(config.modules, config.code_frame_delays)):
            late = np.pad(symbols[i].reshape(-1), [delay * module.hop, 0])  # as packed
            symbols[i] = late[: symbols[i].size].reshape(-1, 320)
        integers = [np.rint(ops.convert_to_numpy(s)[0]).astype(int) for s in (lsf_symbols, gain)]
        return Frames(integers[0], integers[1].reshape(-1, 2), symbols), decoded


@pytest.fixture(scope="session", params=CONFIGS)
def reference(request, tmp_path_factory):
    """Every configuration in turn."""
    return Reference(make_cascade(CONFIGS[request.param]), tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="session")
def pair(tmp_path_factory):
    """The cascade of two modules."""
    return Reference(make_cascade(CONFIGS["two modules"]), tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="session")
def transparent(tmp_path_factory):
    """Two modules that are mere lapped transforms, without corrections."""
    cascade = Cascade(CONFIGS["two modules"])
    break_silence(cascade)
    for module in cascade.chain:
        for part in (module.encoder, module.decoder):
            part.leave.kernel.assign(ops.zeros(part.leave.kernel.shape))
    cascade.lsf_quantizer.std.assign(np.full(16, 0.1, "float32"))
    return Reference(cascade, tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="session")
def speech():
    """One second."""
    return make_speech(16000)


@pytest.fixture(scope="session")
def coded(reference, speech):
    """What the Keras cascade makes of the speech and two frames of silence: Frames, waveforms."""
    return reference.code(np.pad(speech, [0, 640]))
