"""Entropy models: how probable is each symbol, given what the decoder already has?

Each is a small two-layer perceptron. Its hidden units are clipped to [0, 255/64], so that the trained weights can be
rounded to the integer network that writes the files without a change worth measuring (`bitstream.integer_network`).

Names of attributes here are paths in `model.weights.h5`, and so is SideContext: see `architecture.layout` before
renaming any.

References: Minnen et al., "Joint autoregressive and hierarchical priors", NeurIPS 2018; Balle et al., "Integer
networks for data compression with latent-variable models", ICLR 2019.
"""
import math

import keras
import numpy as np
from keras import ops

from neuralcodec.architecture.layout import (
    CONTEXT_FRAMES,
    MODULE_LIMIT,
    MODULE_SYMBOLS,
    POOL,
    SIDE_SYMBOLS,
    STAGE_SYMBOLS,
    STAGES,
    ltp_context_layout,
    module_context_layout,
    side_context_layouts,
)
from neuralcodec.bitstream.features import (
    FEATURE_ONE,
    GATE_LIMIT,
    MAGNITUDE_FACTOR,
    POOL_DIVISOR,
    SIDE_FACTOR,
    SIGNED_FACTOR,
)
from neuralcodec.bitstream.integer_network import FEATURE_LIMIT, OUTPUT_ONE
from neuralcodec.bitstream.scale_tables import MODULE_SCALES, NUM_MODULE_SCALES, NUM_SIDE_SCALES, SIDE_SCALES
from neuralcodec.bitstream.symbols import MEAN_FRACTIONS
from neuralcodec.model.ltp import predict

CLIP = FEATURE_LIMIT / FEATURE_ONE
MODULE_SCALE_TABLE = (MODULE_SCALES[0], MODULE_SCALES[-1], NUM_MODULE_SCALES)  # first and last, and how many
SIDE_SCALE_TABLE = (SIDE_SCALES[0], SIDE_SCALES[-1], NUM_SIDE_SCALES)
STAGE_A, STAGE_B = (tuple(range(stage, SIDE_SYMBOLS, STAGES)) for stage in range(STAGES))  # B sees what A codes
FIRST_INDEX, LATER_INDEX = 32, 8  # initial scale indices: what a later module has to say is mostly zeros
FIRST_GATE = 2.0  # initial output that follows a prediction by a quarter
FLOOR = 1e-6  # probability that any symbol keeps: surprises stay finite, as the escape makes them in a file


def clip_through(x, low, high):
    """Clipping whose gradient is the identity: what is pushed out of range can find its way back."""
    return x + ops.stop_gradient(ops.clip(x, low, high) - x)


def scale_of(out, scale_table):
    """Network output -> scale of the logistic distribution, clipped to the table's ends."""
    first, last, size = scale_table
    index = clip_through(OUTPUT_ONE * out, 0.0, size - 1.0)
    return first * ops.exp(index * (math.log(last / first) / (size - 1)))


def logistic_bits(q, mean, scale):
    """-log2 P(q) of a logistic distribution integrated over [q - 1/2, q + 1/2], without cancellation in its tails."""
    low, high = (q - mean - 0.5) / scale, (q - mean + 0.5) / scale
    log_p = -ops.softplus(-high) - ops.softplus(low) + ops.log(-ops.expm1(-1.0 / scale))
    return -ops.logaddexp(log_p, math.log(FLOOR)) / math.log(2.0)


def magnitude_feature(q):
    """Symbols -> compressed magnitudes, 24 log2(1 + |q|) / 64 at most 255 / 64."""
    return ops.minimum(ops.log1p(ops.abs(q)) * (MAGNITUDE_FACTOR / FEATURE_ONE / math.log(2.0)), CLIP)


def side_feature(symbols):
    return ops.clip(symbols * (SIDE_FACTOR / FEATURE_ONE), -CLIP, CLIP)


def delayed(x, delay=1):
    """(B, F, C) or (B, K, C) -> the same, so many frames later; zeros come first, as at the start of a block."""
    return ops.pad(x, [[0, 0], [delay, 0], [0, 0]])[:, : x.shape[1]]


class ContextNetwork(keras.layers.Layer):
    """Two dense layers with a clipped hidden layer: the floating-point image of an integer network.

    Args:
        layout: ContextLayout.
        bias: initial bias of the outputs.
    """

    def __init__(self, layout, bias, **kwargs):
        super().__init__(**kwargs)
        self.layout = layout
        self.hidden = keras.layers.Dense(layout.hidden, name="hidden")
        self.out = keras.layers.Dense(
            layout.outputs, kernel_initializer=keras.initializers.VarianceScaling(0.01, seed=layout.outputs),
            bias_initializer=keras.initializers.Constant(bias), name="out")

    def build(self, shape=None):
        self.hidden.build((None, self.layout.inputs))
        self.out.build((None, self.layout.hidden))
        self.built = True

    def call(self, features):
        return self.out(ops.clip(self.hidden(features), 0.0, CLIP))


class SideContext(keras.layers.Layer):
    """Bits of LSF and gain symbols, from the two frames before and, for half of them, from the other half.

    The mean is the symbol of the frame before plus a learned correction.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        middle = (SIDE_SCALE_TABLE[2] * 0.6) / OUTPUT_ONE
        bias = np.repeat([0.0, middle], STAGE_SYMBOLS)
        self.stages = (STAGE_A, STAGE_B)
        self.first, self.second = (ContextNetwork(layout, bias, name=name)
                                   for layout, name in zip(side_context_layouts(), ("first", "second")))

    def build(self, shape=None):
        self.first.build()
        self.second.build()
        self.built = True

    def call(self, symbols):
        """symbols (B, F, 18) -> bits (B, F, 18), stage A first."""
        before = delayed(symbols)
        past = ops.concatenate([side_feature(before), side_feature(delayed(symbols, CONTEXT_FRAMES))], axis=-1)
        a, b = (ops.take(symbols, stage, axis=-1) for stage in self.stages)
        past_and_a = ops.concatenate([past, side_feature(a)], axis=-1)
        return ops.concatenate([self._bits(a, before, STAGE_A, self.first(past)),
                                self._bits(b, before, STAGE_B, self.second(past_and_a))], axis=-1)

    def _bits(self, symbols, before, stage, out):
        mean, index = ops.split(out, 2, axis=-1)
        mean = mean + ops.take(before, stage, axis=-1)
        return logistic_bits(symbols, mean, scale_of(index, SIDE_SCALE_TABLE))


class ModuleContext(keras.layers.Layer):
    """Bits of a module's 320 symbols per frame, from its two frames before, the side information and, in a later
    module, the codes of the module in front of it."""

    def __init__(self, hidden, has_lower_module, **kwargs):
        super().__init__(**kwargs)
        self.has_lower_module = has_lower_module
        bias = (LATER_INDEX if has_lower_module else FIRST_INDEX) / OUTPUT_ONE
        self.network = ContextNetwork(module_context_layout(not has_lower_module, hidden), bias, name="network")

    def build(self, shape=None):
        self.network.build()
        self.built = True

    def call(self, symbols, side, lower_module=None):
        """symbols, lower_module (B, F, 320), side (B, F, 18) -> bits (B, F, 320)."""
        magnitude = magnitude_feature(symbols)
        features = [delayed(magnitude), delayed(magnitude, CONTEXT_FRAMES)]
        if self.has_lower_module:
            pooled = magnitude_feature(lower_module)
            pooled = ops.reshape(pooled, (-1, lower_module.shape[1], MODULE_SYMBOLS // POOL, POOL))
            pooled = ops.minimum(ops.sum(pooled, axis=-1) / POOL_DIVISOR, CLIP)
            features += [pooled, delayed(pooled)]
        side = side_feature(side)
        features += [side, delayed(side)]
        index = self.network(ops.concatenate(features, axis=-1))
        return logistic_bits(symbols, 0.0, scale_of(index, MODULE_SCALE_TABLE))


class PredictedContext(keras.layers.Layer):
    """Bits of the symbols of a first module with long-term prediction, code frame by code frame.

    From the two code frames before, the side information and the prediction, the network tells how wide each symbol
    spreads, how far to follow the prediction, and what to add to it.

    Args:
        hop: samples per code frame.
        coded: symbols of a code frame that are sent, the lowest ones.
        hidden: hidden units of the network.
    """

    def __init__(self, hop, coded, hidden, **kwargs):
        super().__init__(**kwargs)
        self.hop, self.coded = hop, coded
        bias = np.repeat([FIRST_INDEX / OUTPUT_ONE, FIRST_GATE, 0.0], coded)
        self.network = ContextNetwork(ltp_context_layout(hop, coded, hidden), bias, name="network")

    def build(self, shape=None):
        self.network.build()
        self.built = True

    def call(self, symbols, side, basis, step):
        """Bits of symbols.

        Args:
            symbols: (B, F, 320).
            side: side symbols (B, F, 18).
            basis, step: the module's transform (2 hop, hop) and its steps (hop,).

        Returns:
            (B, F, 320), 0 for those that are not sent.
        """
        frames, per_frame = symbols.shape[1], MODULE_SYMBOLS // self.hop
        learning = ops.reshape(symbols, (-1, frames * per_frame, self.hop))[..., : self.coded]
        code_frames = ops.stop_gradient(learning)
        predictions, correlation = predict(code_frames, basis[:, : self.coded], step[: self.coded])
        magnitude = magnitude_feature(code_frames)
        predicted = magnitude_feature(ops.clip(MEAN_FRACTIONS * predictions, -MODULE_LIMIT, MODULE_LIMIT))
        signed = ops.clip((SIGNED_FACTOR / FEATURE_ONE) * delayed(code_frames), -CLIP, CLIP)
        own = [delayed(magnitude), delayed(magnitude, CONTEXT_FRAMES), predicted, signed, correlation]
        out = self.network(ops.concatenate([*own, self.shared(side)], axis=-1))
        index, gate, offset = ops.split(out, 3, axis=-1)
        mean = clip_through(gate * (OUTPUT_ONE / FEATURE_ONE), 0.0, GATE_LIMIT / FEATURE_ONE) * predictions + offset
        scale = scale_of(index, MODULE_SCALE_TABLE)
        bits = logistic_bits(code_frames, mean, scale) + self.pull(learning, mean, scale)
        bits = ops.pad(bits, [[0, 0], [0, 0], [0, self.hop - self.coded]])
        return ops.reshape(bits, (-1, frames, MODULE_SYMBOLS))

    def pull(self, symbols, mean, scale):
        """Zeros with the gradient that symbols learn from: that of a distribution as wide around 0 as the mean is far.

        The true gradient pulls symbols towards their predictions, steeply, up here and down there: a cascade that
        learnt from it (and through the predictions) met the rate and sounded worse.
        """
        spread = ops.stop_gradient(ops.sqrt(ops.square(scale) + ops.square(mean)))
        bits = logistic_bits(symbols, 0.0, spread)
        return bits - ops.stop_gradient(bits)

    def shared(self, side):
        """Side symbols (B, F, 18) -> features of each code frame (B, K, 36 + 320 / hop), its place last."""
        side, per_frame = side_feature(side), MODULE_SYMBOLS // self.hop
        now = ops.repeat(ops.concatenate([side, delayed(side)], axis=-1), per_frame, axis=1)
        places = ops.tile(ops.eye(per_frame)[None], (ops.shape(side)[0], side.shape[1], 1))
        return ops.concatenate([now, places], axis=-1)
