"""Entropy models of a nested cascade: how probable is what a module sends, given what the decoder has already?

Each tells the *scale* of every coefficient, from narrow to wide, as an index into the scale tables. Everything else
follows from it: what a coefficient that is sent for the first time is; whether one that was zero stays zero; in which
half of its cell one lies that was not. A later module sees all symbols of the module below, also those that come
later, and none of its own: so all its symbols can be decoded at once.

References: Balle et al., "Integer networks for data compression with latent-variable models", ICLR 2019; Aggarwal,
Regunathan, Rose, IEEE TASLP 14(4), 2006 (why refining an embedded quantiser loses nothing).
"""
import math

import keras
import numpy as np
from keras import ops

from neuralcodec.architecture.framing import FRAME_SAMPLES, GAIN_FRAME
from neuralcodec.architecture.layout import CONTEXT_SIZES
from neuralcodec.architecture.lpc import ORDER
from neuralcodec.bitstream.features import FEATURE_ONE, INDEX_FACTOR
from neuralcodec.bitstream.integer_network import OUTPUT_ONE
from neuralcodec.bitstream.scale_tables import MODULE_SCALES
from neuralcodec.model.entropy_model import (
    FIRST_INDEX,
    FLOOR,
    MODULE_SCALE_TABLE,
    ContextNetwork,
    clip_through,
    delayed,
    logistic_bits,
    magnitude_feature,
    scale_of,
    side_feature,
)

LAST_INDEX = (MODULE_SCALE_TABLE[2] - 1.0) / OUTPUT_ONE
OCTAVE = math.log(2.0) / math.log(MODULE_SCALES[1] / MODULE_SCALES[0]) / OUTPUT_ONE  # per factor of 2
FRESH_INDEX = 16  # initial scale index of what a later module sends first


def log_cell(low, width, scale):
    """log P(low <= x < low + width) of a logistic distribution around 0, low >= 0, without cancellation."""
    return (-ops.softplus(-(low + width) / scale) - ops.softplus(low / scale) + ops.log(-ops.expm1(-width / scale)))


def fresh_bits(symbols, scale):
    """Bits of coefficients that are sent for the first time; zero is two steps wide, the other cells one."""
    size = ops.abs(symbols)
    other = log_cell(size, 1.0, scale)
    zero = log_cell(0.0 * size, 1.0, scale) + math.log(2.0)
    log_p = ops.where(symbols == 0, zero, other)
    return -ops.logaddexp(log_p, math.log(FLOOR)) / math.log(2.0)


def zero_bits(symbols, scale):
    """Bits of coefficients that were zero below: they stay zero, or get a sign."""
    inner, whole = (log_cell(0.0 * symbols, width, scale) for width in (1.0, 2.0))
    stay = ops.exp(inner - whole)
    p = ops.where(symbols == 0, stay, 0.5 * (1.0 - stay))
    return -ops.log(p + FLOOR) / math.log(2.0)


def half_bits(symbols, lower, scale):
    """Bits of coefficients that were not zero below: which half of the cell they are in."""
    size = ops.minimum(ops.abs(lower), CONTEXT_SIZES - 1.0)
    upper = ops.exp(log_cell(2.0 * size + 1.0, 1.0, scale) - log_cell(2.0 * size, 2.0, scale))
    p = ops.where(ops.abs(symbols) == 2.0 * ops.abs(lower), 1.0 - upper, upper)
    return -ops.log(p + FLOOR) / math.log(2.0)


def pull(scaled, scale):
    """Zeros with the gradient that coefficients learn from: that of their bits, if scales stood still."""
    bits = logistic_bits(scaled, 0.0, ops.stop_gradient(scale))
    return bits - ops.stop_gradient(bits)


def side_features(side, hop):
    """Side symbols (B, F, 18) -> features of each code frame (B, K, 34): LSFs and gain, now and a code frame before."""
    frames, per_gain = FRAME_SAMPLES // hop, GAIN_FRAME // hop
    features = side_feature(side)
    lsf = ops.repeat(features[..., :ORDER], frames, axis=1)
    before = ops.repeat(delayed(features[..., :ORDER]), frames, axis=1)
    gains = ops.repeat(ops.reshape(features[..., ORDER:], (-1, 2 * side.shape[1], 1)), per_gain, axis=1)
    return ops.concatenate([lsf, gains, before, delayed(gains)], axis=-1)


class FirstContext(keras.layers.Layer):
    """Entropy model of the first module, from its two code frames before and the side information.

    Args:
        layout: ContextLayout.
    """

    def __init__(self, layout, **kwargs):
        super().__init__(**kwargs)
        self.coded = layout.outputs
        self.network = ContextNetwork(layout, FIRST_INDEX / OUTPUT_ONE, name="network")
        self.network.build()
        self.built = True

    def call(self, symbols, scaled, side, lower=None, lower_index=None):
        """Bits of symbols.

        Args:
            symbols: (B, K, N).
            scaled: what they stand for, with gradient (B, K, N).
            side: side symbols (B, F, 18).

        Returns:
            bits: (B, K, N), 0 for those that are not sent.
            index: scale index in units of 8, (B, K, N).
        """
        hop = symbols.shape[-1]
        magnitude = magnitude_feature(symbols[..., : self.coded])
        features = [delayed(magnitude), delayed(magnitude, 2), side_features(side, hop)]
        out = self.network(ops.concatenate(features, axis=-1))
        scale = scale_of(out, MODULE_SCALE_TABLE)
        bits = fresh_bits(symbols[..., : self.coded], scale) + pull(scaled[..., : self.coded], scale)
        rest = [[0, 0], [0, 0], [0, hop - self.coded]]
        return ops.pad(bits, rest), ops.pad(clip_through(out, 0.0, LAST_INDEX), rest)


class RefinementContext(keras.layers.Layer):
    """Entropy model of a later module, from the symbols of the module below, their scales and the side information.

    Args:
        layout: ContextLayout.
        below: how many coefficients the module below sends.
        halvings: how often the steps of these were halved since they were sent first, (below,).
    """

    def __init__(self, layout, below, halvings, **kwargs):
        super().__init__(**kwargs)
        self.below, self.coded = below, layout.outputs - below
        # Of each coefficient the scale where it was zero or is fresh; of those sent below, also where it was not.
        fresh = np.full(self.coded - below, FRESH_INDEX / OUTPUT_ONE)
        self.network = ContextNetwork(layout, np.concatenate([np.zeros(below), fresh, np.zeros(below)]), name="network")
        self.network.build()
        # Besides, each follows the scale that it had: twice as wide in steps that are half as large.
        self.slope = self.add_weight(shape=(CONTEXT_SIZES, below), initializer="ones", name="slope")
        self.shift = self.add_weight(shape=(CONTEXT_SIZES, below), initializer="zeros", name="shift")
        self.shift.assign(np.tile(halvings * OCTAVE, (CONTEXT_SIZES, 1)))
        self.built = True

    def call(self, symbols, scaled, side, lower, lower_index):
        """Bits of symbols.

        Args:
            symbols, scaled, side: as for `FirstContext`.
            lower: symbols of the module below (B, K, N).
            lower_index: its scale index in units of 8, (B, K, N).

        Returns:
            bits: (B, K, N), 0 for those that are not sent.
            index: scale index in units of 8 with which a coefficient was sent first, (B, K, N).
        """
        hop, old = symbols.shape[-1], self.below
        below, index = lower[..., :old], ops.stop_gradient(lower_index[..., :old])
        magnitude = magnitude_feature(below)
        after = ops.pad(magnitude, [[0, 0], [0, 1], [0, 0]])[:, 1:]
        scales = index * (INDEX_FACTOR * OUTPUT_ONE / FEATURE_ONE)
        features = [magnitude, delayed(magnitude), after, scales, side_features(side, hop)]
        out = self.network(ops.concatenate(features, axis=-1))
        size = ops.minimum(ops.abs(below), CONTEXT_SIZES - 1.0)
        follow = sum(ops.cast(size == c, "float32") * (self.shift[c] + self.slope[c] * index)
                     for c in range(CONTEXT_SIZES))
        own = ops.where(below == 0, out[..., :old], out[..., self.coded:]) + follow
        scale, n, z = scale_of(own, MODULE_SCALE_TABLE), symbols[..., :old], scaled[..., :old]
        bits = ops.where(below == 0, zero_bits(n, scale) + pull(z, scale), half_bits(n, below, scale))
        fresh = out[..., old: self.coded]
        scale = scale_of(fresh, MODULE_SCALE_TABLE)
        bits = ops.concatenate([bits, fresh_bits(symbols[..., old: self.coded], scale)
                                + pull(scaled[..., old: self.coded], scale)], axis=-1)
        rest = [[0, 0], [0, 0], [0, hop - self.coded]]
        index = ops.concatenate([index, clip_through(fresh, 0.0, LAST_INDEX)], axis=-1)
        return ops.pad(bits, rest), ops.pad(index, rest)
