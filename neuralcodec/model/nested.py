"""The nested cascade: every module codes the coefficients of one transform finer than the modules before it.

All modules share one orthonormal lapped transform, one encoder CNN and one embedded quantiser, whose steps halve from
module to module. So what the first n modules send is a codec for every n, and one decoder, which knows n, completes it.

References: Zhen et al., "Cascaded cross-module residual learning towards lightweight end-to-end speech coding",
Interspeech 2019; Zhen et al., "Efficient and scalable neural residual waveform coding with collaborative
quantization", ICASSP 2020.

Shapes: B clips, T samples, F frames of 20 ms, K code frames, N coefficients of a code frame, C side information.
"""
import keras
from keras import ops

from neuralcodec.architecture.framing import FRAME_SAMPLES
from neuralcodec.architecture.layout import nested_context_layout, nested_encoder_layout, odd_decoder_layout
from neuralcodec.architecture.lpc import GAINS
from neuralcodec.architecture.transform import lapped_basis
from neuralcodec.model import lpc
from neuralcodec.model.cascade import mean_kbps, predict_linearly
from neuralcodec.model.cnn import Correction
from neuralcodec.model.embedded_quantizer import EmbeddedQuantizer, StepSizes
from neuralcodec.model.entropy_model import SideContext
from neuralcodec.model.nested_entropy import FirstContext, RefinementContext
from neuralcodec.model.noise_filling import NoiseFill
from neuralcodec.model.noise_substitution import NoiseSubstitution
from neuralcodec.model.odd_decoder import OddDecoder
from neuralcodec.model.side import LsfQuantizer, code_gain, gain_contour, lsf_contour, side_condition
from neuralcodec.model.transform import inverse_transform, transform


class NestedCascade(keras.Model):
    """LPC and nested modules as one differentiable graph, hard decisions in the forward pass.

    Names of attributes here, and of the classes of layers, are paths in `model.weights.h5`: see `architecture.layout`.

    Args:
        config: a NestedConfig.

    Example:
        >>> cascade = NestedCascade(NestedConfig())
        >>> out = cascade(keras.ops.zeros((1, 6400)), keras.ops.ones((1,), "int32"))
        >>> out["decoded"].shape
        (1, 6400)
    """

    def __init__(self, config, **kwargs):
        super().__init__(**kwargs)
        self.config, self.basis = config, lapped_basis(config.hop)
        self.lsf_quantizer = LsfQuantizer(config.lpc == "trained", name="lsf_quantizer")
        self.side_context = SideContext(name="side_context")
        self.side_context.build()
        self.step_sizes = StepSizes(config, name="step_sizes")
        self.encoder = Correction(nested_encoder_layout(config), name="encoder")
        self.encoder.build()
        self.quantizer = EmbeddedQuantizer(config, name="quantizer")
        self.contexts = [self._context(number) for number in range(len(config.modules))]
        self.fills = [NoiseFill(config.hop, name=f"fill_{number}") for number in range(len(config.modules))]
        self.decoder = OddDecoder(odd_decoder_layout(config), name="decoder")
        self.noise = None
        if config.noise_above:
            self.noise = NoiseSubstitution(config.hop, config.noise_above, len(config.modules), name="noise")
        self.built = True

    def _context(self, number):
        """The entropy model of a module."""
        below, name = (0, *self.config.coded)[number], f"context_{number}"
        layout = nested_context_layout(below, self.config.coded[number], self.config.modules[number].context_width)
        if number:
            return RefinementContext(layout, below, self.quantizer.halvings(number)[:below], name=name)
        return FirstContext(layout, name=name)

    def active_part(self):
        """This cascade, all of whose modules run."""
        return self

    def parts(self):
        """The layers that have weights, by the names that a training configuration calls them: dict of lists."""
        parts = {"lpc": [self.lsf_quantizer, self.side_context], "encoder": [self.encoder], "steps": [self.step_sizes],
                 "bins": [self.quantizer], "decoder": [self.decoder, *self.fills]}
        if self.noise:
            parts["noise"] = [self.noise]
        return {**parts, **{f"entropy_{number}": [context] for number, context in enumerate(self.contexts)}}

    def call(self, x, prefix, modules=None):
        """Codes and decodes waveforms.

        Args:
            x: (B, T), T a multiple of 320.
            prefix: (B,), how many modules each clip is decoded with.
            modules: how many modules code; all by default. No clip's prefix may be larger.

        Returns:
            A dictionary: "decoded" (B, T), "predictor" (B, F, 17) from the unquantised analysis, "kbps" (B, modules),
            the estimated rate of each module, with the side information's in the first's; "powers" (3, B, F, bands) of
            the original, of what is decoded and of noise, where noise is added. The last `config.delay - 320` samples
            lack frames that come after the end.
        """
        has_lpc = self.config.lpc != "none"
        a, lsf, lsf_symbols = predict_linearly(x, self.lsf_quantizer, has_lpc)
        predictor, normal = lsf_contour(self.lsf_quantizer, lsf)
        residual = lpc.analysis_filter(x, predictor) if has_lpc else x
        gain = code_gain(residual)
        contour = gain_contour(gain)
        side = ops.concatenate([lsf_symbols, ops.reshape(gain, (-1, x.shape[1] // FRAME_SAMPLES, GAINS))], axis=-1)
        condition = side_condition(self.config.hop, normal, gain)  # (B, K, C)
        target = residual / contour
        kbps, reconstructions = self.code(transform(target, self.basis), side, condition, modules)
        kbps[0] = kbps[0] + mean_kbps(self.side_context(side))
        wave, powers = self.complete(reconstructions, condition, prefix, target)
        y = wave * contour
        y = lpc.synthesis_filter(y, predictor) if has_lpc else y
        return {"decoded": y, "predictor": a, "kbps": ops.stack(kbps, axis=-1), **powers}

    def code(self, t, side, condition, modules=None):
        """What every module sends.

        Args:
            t: coefficients (B, K, N).
            side: side symbols (B, F, 18).
            condition: (B, K, C).

        Returns:
            list of kbps (B,) of each module; list of reconstructions (B, K, N) after each module, with noise in the
            place of zeros.
        """
        first_step, wanted = self.step_sizes(condition), t + self.encoder(t, condition)
        kbps, reconstructions, lower, index, frames = [], [], None, None, side.shape[1]
        for number, (context, fill) in enumerate(zip(self.contexts[:modules], self.fills)):
            step = ops.multiply(first_step, 0.5 ** self.quantizer.halvings(number))
            symbols, scaled, reconstruction = self.quantizer(wanted, step, number=number)
            bits, index = context(symbols, scaled, side, lower, index)
            kbps.append(mean_kbps(ops.reshape(bits, (-1, frames, bits.shape[1] // frames * bits.shape[2]))))
            reconstructions.append(reconstruction + fill(symbols) * step)
            lower = symbols
        return kbps, reconstructions

    def complete(self, reconstructions, condition, prefix, target=None):
        """The one decoder, for whatever has been decoded.

        Args:
            reconstructions: list of (B, K, N), after each module.
            condition: (B, K, C).
            prefix: (B,), how many modules count.
            target: (B, T), what was coded, to compare powers with; None for no powers.

        Returns:
            waveform (B, T) with noise; {"powers": (3, B, F, bands)}, empty without noise or target.
        """
        masks = [ops.reshape(ops.cast(prefix == i + 1, "float32"), (-1, 1, 1)) for i in range(len(self.config.modules))]
        t = sum(mask * part for mask, part in zip(masks, reconstructions))
        flags = [ops.broadcast_to(mask, ops.shape(condition[..., :1])) for mask in masks]
        known = ops.concatenate([condition, *flags], axis=-1)
        decoded = self.decoder(t, known)
        wave = inverse_transform(decoded, self.basis)
        if not self.noise:
            return wave, {}
        levels = self.noise.levels(ops.stop_gradient(decoded), ops.stop_gradient(known))
        powers = {}
        if target is not None:
            powers = {"powers": self.noise.powers(ops.stop_gradient(target), ops.stop_gradient(wave), levels)}
        return wave + self.noise(levels), powers
