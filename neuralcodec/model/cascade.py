"""The cascade: the LPC stage, then residual modules in series, each coding what is left over.

References: Zhen et al., "Cascaded cross-module residual learning towards lightweight end-to-end speech coding",
Interspeech 2019; Zhen et al., "Efficient and scalable neural residual waveform coding with collaborative
quantization", ICASSP 2020.
"""
from dataclasses import replace

import keras
from keras import ops

from neuralcodec.architecture.framing import FRAME_SAMPLES, SAMPLE_RATE
from neuralcodec.architecture.layout import MODULE_SYMBOLS
from neuralcodec.architecture.lpc import GAINS
from neuralcodec.model import lpc
from neuralcodec.model.entropy_model import SideContext
from neuralcodec.model.module import ResidualModule
from neuralcodec.model.noise_substitution import NoiseSubstitution
from neuralcodec.model.side import LsfQuantizer, code_gain, gain_contour, lsf_contour, side_condition


def predict_linearly(x, lsf_quantizer, sent):
    """The LPC stage.

    Args:
        x: waveform (B, T).
        lsf_quantizer: LsfQuantizer.
        sent: whether LSFs are sent; else the filters are those of their means, which nothing is filtered by.

    Returns:
        unquantised predictors (B, F, 17), quantised LSFs (B, F, 16), their symbols (B, F, 16).
    """
    a, lsf = lpc.analysis(x)
    if not sent:
        flat = ops.zeros_like(lsf)
        return a, flat + lsf_quantizer.mean, flat
    return a, *lsf_quantizer(lsf)


def mean_kbps(bits):
    """Bits (B, F, N) -> kbps (B,)."""
    return ops.sum(bits, axis=[1, 2]) / (bits.shape[1] * FRAME_SAMPLES / SAMPLE_RATE * 1000)


def packed(symbols, delay):
    """Code frames (B, K, hop) -> symbols per frame (B, F, 320), each code frame `delay` later than its time.

    A later module waits for those before it, so its codes travel in a later frame; the entropy model sees what the
    decoder has by then.
    """
    late = ops.pad(symbols, [[0, 0], [delay, 0], [0, 0]])[:, : symbols.shape[1]]
    return ops.reshape(late, (-1, symbols.shape[1] * symbols.shape[2] // MODULE_SYMBOLS, MODULE_SYMBOLS))


class Cascade(keras.Model):
    """LPC and residual modules as one differentiable graph, hard decisions in the forward pass.

    The list `chain` and the classes of the layers are paths in `model.weights.h5`: see `architecture.layout`.

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
        self.chain = [ResidualModule(module, i == 0, name=f"module_{i}") for i, module in enumerate(config.modules)]
        self.noise = None
        if config.noise_above:
            self.noise = NoiseSubstitution(config.modules[0].hop, config.noise_above, name="noise")
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
        has_lpc = self.config.lpc != "none"
        a, lsf, lsf_symbols = predict_linearly(x, self.lsf_quantizer, has_lpc)
        predictors, normalised_lsf = lsf_contour(self.lsf_quantizer, lsf)  # (B, T / 80, 17), (B, T / 80, 16)
        residual = lpc.analysis_filter(x, predictors) if has_lpc else x
        gain = code_gain(residual)
        contour = gain_contour(gain)
        side = ops.concatenate([lsf_symbols, ops.reshape(gain, (-1, x.shape[1] // FRAME_SAMPLES, GAINS))], axis=-1)
        target, reconstruction = residual / contour, ops.zeros_like(x)
        kbps, lower_module, first = [mean_kbps(self.side_context(side))], None, None
        for module, delay in zip(self.chain[: self.active], self.config.code_frame_delays):
            hop = module.config.hop
            # A later module's codes are constant over small changes of what came before. Soft gradients through them
            # and their bits would pretend that they are not, and drive what came before off its course.
            condition = side_condition(hop, normalised_lsf, gain)
            decoded, symbols = module(target - ops.stop_gradient(reconstruction), reconstruction, condition)
            first = first or (decoded, condition)
            symbols = packed(symbols, delay)
            bits = module.bits(symbols, side if lower_module is None else ops.stop_gradient(side), lower_module)
            kbps.append(mean_kbps(bits[:, -(-delay * hop // FRAME_SAMPLES):]))
            reconstruction = reconstruction + module.inverse_transform(decoded)
            lower_module = ops.stop_gradient(symbols)
        noise, powers = self.substitute(target, reconstruction, *first) if self.noise else (0.0, {})
        y = (reconstruction + noise) * contour
        decoded = lpc.synthesis_filter(y, predictors) if has_lpc else y
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
