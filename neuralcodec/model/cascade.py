"""The cascade: the LPC stage, then residual modules in series, each coding what is left over.

References: Zhen et al., "Cascaded cross-module residual learning towards lightweight end-to-end speech coding",
Interspeech 2019; Zhen et al., "Efficient and scalable neural residual waveform coding with collaborative
quantization", ICASSP 2020.
"""
import math
from dataclasses import replace

import keras
from keras import ops

from neuralcodec.architecture.config import (
    FRAME_SAMPLES,
    GAIN_FLOOR,
    GAIN_FRAME,
    GAIN_OFFSET,
    ORDER,
    SAMPLE_RATE,
    SIDE_LIMIT,
    STEEPEST_RISE,
    SUBFRAME,
    condition_width,
)
from neuralcodec.model import lpc
from neuralcodec.model.entropy_model import SideContext
from neuralcodec.model.module import ResidualModule
from neuralcodec.model.noise_substitution import NoiseSubstitution
from neuralcodec.model.quantizer import SoftmaxQuantizer, straight_through

LSF_STEP = 1 / 3  # initial step in standard deviations


class AtMost(keras.constraints.Constraint):
    """Keeps a weight from growing beyond a limit.

    An LSF's step wider than its distribution sends nothing at all; no gradient would lead back from there.
    """

    def __init__(self, limit):
        self.limit = limit

    def __call__(self, w):
        return ops.minimum(w, self.limit)


class LsfQuantizer(keras.layers.Layer):
    """One trainable codebook of 63 bins for each LSF, in standard deviations around its mean."""

    def __init__(self, trained, **kwargs):
        super().__init__(**kwargs)
        self.mean = self.add_weight(shape=(ORDER,), initializer="zeros", trainable=False, name="mean")
        self.std = self.add_weight(shape=(ORDER,), initializer="ones", trainable=False, name="std")
        self.mean.assign(lpc.UNIFORM)
        self.log_step = self.add_weight(shape=(ORDER,), initializer=keras.initializers.Constant(math.log(LSF_STEP)),
                                        constraint=AtMost(0.0), name="log_step")
        self.quantizer = SoftmaxQuantizer(SIDE_LIMIT, codebooks=ORDER, name="quantizer")
        self.trainable = trained
        self.built = True

    def adapt(self, lsf):
        """Takes mean and standard deviation from LSFs (..., 16) of training speech."""
        lsf = ops.reshape(lsf, (-1, ORDER))
        self.mean.assign(ops.mean(lsf, axis=0))
        self.std.assign(ops.std(lsf, axis=0))

    def reset(self):
        """Back to even steps, a third of a deviation each: what a quantiser that is not trained has."""
        self.log_step.assign(ops.full((ORDER,), math.log(LSF_STEP)))
        self.quantizer.offset.assign(ops.zeros(self.quantizer.offset.shape))

    def normalise(self, lsf):
        return (lsf - self.mean) / self.std

    def call(self, lsf):
        """LSFs (B, F, 16) in radians -> quantised, ordered LSFs and symbols, both with gradients."""
        step = ops.exp(self.log_step)
        z = ops.stop_gradient(self.normalise(lsf)) / step
        quantised, symbols = self.quantizer(z)
        return lpc.order_lsf(quantised * step * self.std + self.mean), straight_through(z, symbols)


def code_gain(residual):
    """RMS per 10 ms in steps of 3 dB: residual (B, T) -> symbols (B, T / 160), with gradients."""
    rms = ops.sqrt(ops.mean(ops.square(ops.reshape(residual, (-1, residual.shape[1] // GAIN_FRAME, GAIN_FRAME))), -1)
                   + GAIN_FLOOR ** 2)
    z = ops.log(rms) * (2 / math.log(2.0)) + GAIN_OFFSET
    return straight_through(z, ops.clip(ops.round(z), -SIDE_LIMIT, SIDE_LIMIT))


def gain_contour(gain):
    """Gain symbols (B, N) -> gain per sample (B, 160 N): a ramp of 5 ms in the log domain, then constant."""
    log2 = (gain - GAIN_OFFSET) / 2
    ramp = (ops.arange(SUBFRAME, dtype="float32") + 0.5) / SUBFRAME
    before = ops.maximum(lpc.previous(log2), log2 - STEEPEST_RISE)[..., None]
    rise = before + (log2[..., None] - before) * ramp
    hold = ops.broadcast_to(log2[..., None], ops.shape(rise))
    contour = ops.concatenate([rise, hold], axis=-1)
    return ops.reshape(2.0 ** contour, (-1, GAIN_FRAME * gain.shape[1]))


def side_condition(hop, lsf, gain):
    """Side information per code frame and the one before it.

    Args:
        hop: samples per code frame.
        lsf: normalised, interpolated LSFs (B, T / 80, 16).
        gain: gain symbols (B, T / 160).

    Returns:
        (B, T / hop, C): LSFs at the code frame's end, its gains (two for a 20 ms hop, else one), and the same of
            the one before.
    """
    every = hop // SUBFRAME
    lsf = lsf[:, every - 1:: every]
    gain = (gain - 2.0) / 6.0
    if hop == FRAME_SAMPLES:
        gains = ops.reshape(gain, (-1, gain.shape[1] // 2, 2))
    else:
        gains = ops.repeat(gain, GAIN_FRAME // hop, axis=1)[..., None]
    now = ops.concatenate([lsf, gains], axis=-1)
    return ops.concatenate([now, lpc.previous(now)], axis=-1)


def mean_kbps(bits):
    """Bits (B, F, N) -> kbps (B,)."""
    return ops.sum(bits, axis=[1, 2]) / (bits.shape[1] * FRAME_SAMPLES / SAMPLE_RATE * 1000)


def packed(symbols, delay):
    """Code frames (B, K, hop) -> symbols per frame (B, F, 320), each code frame `delay` later than its time.

    A later module waits for those before it, so its codes travel in a later frame; the entropy model sees what the
    decoder has by then.
    """
    late = ops.pad(symbols, [[0, 0], [delay, 0], [0, 0]])[:, : symbols.shape[1]]
    return ops.reshape(late, (-1, symbols.shape[1] * symbols.shape[2] // FRAME_SAMPLES, FRAME_SAMPLES))


class Cascade(keras.Model):
    """LPC and residual modules as one differentiable graph, hard decisions in the forward pass.

    Args:
        config: a CascadeConfig.
        active: how many modules run (all by default); greedy training adds them one by one.

    Example:
        >>> cascade = Cascade(CascadeConfig())
        >>> out = cascade(keras.ops.zeros((1, 6400)))
        >>> out["decoded"].shape
        (1, 6400)
    """

    def __init__(self, config, **kwargs):
        super().__init__(**kwargs)
        self.config = config
        self.active = len(config.modules)
        self.lsf_quantizer = LsfQuantizer(config.lpc == "trained", name="lsf_quantizer")
        self.side_context = SideContext(name="side_context")
        self.side_context.build(None)
        self.chain = [ResidualModule(module, condition_width(module.hop), i == 0, name=f"module_{i}")
                      for i, module in enumerate(config.modules)]
        self.noise, hop = None, config.modules[0].hop
        if config.noise_above:
            self.noise = NoiseSubstitution(hop, condition_width(hop), config.noise_above, name="noise")
        self.built = True

    def active_part(self):
        """A cascade of the modules that run, with weights of its own; this one where all do."""
        if self.active == len(self.chain):
            return self
        part = Cascade(replace(self.config, modules=self.config.modules[: self.active]))
        for mine, yours in zip(self.parts(), part.parts()):
            yours.set_weights(mine.get_weights())
        return part

    def parts(self):
        """The layers that have weights, those that all cascades share first."""
        return [self.lsf_quantizer, self.side_context, *([self.noise] if self.noise else []), *self.chain]

    def predict_linearly(self, x):
        """The LPC stage: waveform (B, T) -> unquantised predictors (B, F, 17), quantised LSFs (B, F, 16), symbols."""
        a, lsf = lpc.analyse(x)
        if self.config.lpc == "none":
            flat = ops.zeros_like(lsf)
            return a, flat + self.lsf_quantizer.mean, flat
        return a, *self.lsf_quantizer(lsf)

    def call(self, x):
        """Codes and decodes waveforms.

        Args:
            x: (B, T), T a multiple of 320.

        Returns:
            A dictionary: "decoded" (B, T), "predictor" (B, F, 17) from the unquantised analysis, "kbps" (B, 1 +
            modules), the estimated rate of the side information and of each module; "powers" (3, B, F, bands) of the
            original, of what is decoded and of noise, where noise is added (see `NoiseSubstitution.powers`). The last
            `config.delay - 320` samples lack frames that come after the end.
        """
        a, lsf, lsf_symbols = self.predict_linearly(x)
        smooth = lpc.interpolate_lsf(lsf)  # (B, T / 80, 16)
        has_lpc = self.config.lpc != "none"
        predictor = lpc.lpc_from_lsf(smooth)
        residual = lpc.analysis_filter(x, predictor) if has_lpc else x
        gain = code_gain(residual)
        contour = gain_contour(gain)
        side = ops.concatenate([lsf_symbols, ops.reshape(gain, (-1, x.shape[1] // FRAME_SAMPLES, 2))], axis=-1)
        target, reconstruction = residual / contour, ops.zeros_like(x)
        kbps, lower_module = [mean_kbps(self.side_context(side))], None
        normal, first = self.lsf_quantizer.normalise(smooth), None
        for module, delay in zip(self.chain[: self.active], self.config.code_frame_delays):
            hop = module.config.hop
            # A later module's codes are constant over small changes of what came before. Soft gradients through them
            # and their bits would pretend that they are not, and drive what came before off its course.
            condition = side_condition(hop, normal, gain)
            decoded, symbols = module(target - ops.stop_gradient(reconstruction), reconstruction, condition)
            first = first or (decoded, condition)
            symbols = packed(symbols, delay)
            bits = module.bits(symbols, side if lower_module is None else ops.stop_gradient(side), lower_module)
            kbps.append(mean_kbps(bits[:, -(-delay * hop // FRAME_SAMPLES):]))
            reconstruction = reconstruction + module.inverse_transform(decoded)
            lower_module = ops.stop_gradient(symbols)
        noise, powers = self.substitute(target, reconstruction, *first) if self.noise else (0.0, {})
        y = (reconstruction + noise) * contour
        decoded = lpc.synthesis_filter(y, predictor) if has_lpc else y
        return {"decoded": decoded, "predictor": a, "kbps": ops.stack(kbps, axis=-1), **powers}

    def substitute(self, target, reconstruction, decoded, condition):
        """Noise for what the cascade has lost.

        Args:
            target, reconstruction: (B, T), what the modules code and what they have decoded.
            decoded: coefficients of the first module (B, K, hop).
            condition: its side information (B, K, C).

        Returns:
            the noise (B, T); {"powers": ...}. Only the level of noise learns from either: what is decoded must not get
            worse to make room for noise.
        """
        levels = self.noise.levels(ops.stop_gradient(decoded), ops.stop_gradient(condition))
        powers = self.noise.powers(ops.stop_gradient(target), ops.stop_gradient(reconstruction), levels)
        return self.noise(levels), {"powers": powers}
