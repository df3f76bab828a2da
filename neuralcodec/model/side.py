"""Side information: LSFs and gains as symbols, and what both sides derive from them.

F counts frames of 20 ms, S = 4 F sub-frames of 5 ms, G = 2 F gains of 10 ms, K code frames of a hop.
"""
import math

import keras
from keras import ops

from neuralcodec.architecture.framing import FRAME_SAMPLES, GAIN_FRAME, SUBFRAME
from neuralcodec.architecture.layout import SIDE_LIMIT
from neuralcodec.architecture.lpc import (
    GAIN_FLOOR,
    GAIN_MEAN,
    GAIN_OFFSET,
    GAIN_SPREAD,
    GAIN_STEPS_PER_OCTAVE,
    GAINS,
    MAX_RISE,
    ORDER,
    UNIFORM,
)
from neuralcodec.model import lpc
from neuralcodec.model.quantizer import SoftmaxQuantizer, straight_through

LSF_STEP = 1 / 3  # initial step in standard deviations


def previous(x):
    """(B, K, ...) -> the same one row later along axis 1; the first row stands for the one before it."""
    return ops.concatenate([x[:, :1], x[:, :-1]], axis=1)


class AtMost(keras.constraints.Constraint):
    """Keeps a weight from growing beyond a limit.

    An LSF's step wider than its distribution sends nothing at all; no gradient would lead back from there.
    """

    def __init__(self, limit):
        self.limit = limit

    def __call__(self, w):
        return ops.minimum(w, self.limit)


class LsfQuantizer(keras.layers.Layer):
    """LSFs to symbols and back: one trainable codebook for each, in standard deviations around its mean.

    The class' name, its attribute `quantizer` and the order of its variables are paths in `model.weights.h5`: see
    `architecture.layout`.
    """

    def __init__(self, trained, **kwargs):
        super().__init__(**kwargs)
        self.mean = self.add_weight(shape=(ORDER,), initializer="zeros", trainable=False, name="mean")
        self.std = self.add_weight(shape=(ORDER,), initializer="ones", trainable=False, name="std")
        self.mean.assign(UNIFORM)
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
        """LSFs (..., 16) in radians -> in standard deviations from their means."""
        return (lsf - self.mean) / self.std

    def call(self, lsf):
        """LSFs (B, F, 16) in radians -> quantised, ordered LSFs and symbols, both with gradients."""
        step = ops.exp(self.log_step)
        z = ops.stop_gradient(self.normalise(lsf)) / step
        quantised, symbols = self.quantizer(z)
        return lpc.order_lsf(quantised * step * self.std + self.mean), straight_through(z, symbols)


def lsf_contour(lsf_quantizer, lsf):
    """What follows from LSFs for each sub-frame: the predictor, and the LSFs that condition the modules.

    Args:
        lsf_quantizer: LsfQuantizer, which knows means and deviations.
        lsf: quantised LSFs (B, F, 16).

    Returns:
        predictors (B, S, 17), normalised LSFs (B, S, 16).
    """
    smooth = lpc.interpolate_lsf(lsf, previous(lsf))
    return lpc.lpc_from_lsf(smooth), lsf_quantizer.normalise(smooth)


def code_gain(residual):
    """RMS per 10 ms in steps of 3 dB: residual (B, 160 G) -> symbols (B, G), with gradients."""
    power = ops.mean(ops.square(ops.reshape(residual, (-1, residual.shape[1] // GAIN_FRAME, GAIN_FRAME))), axis=-1)
    z = ops.log(ops.sqrt(power + GAIN_FLOOR ** 2)) * (GAIN_STEPS_PER_OCTAVE / math.log(2.0)) + GAIN_OFFSET
    return straight_through(z, ops.clip(ops.round(z), -SIDE_LIMIT, SIDE_LIMIT))


def gain_contour(gain):
    """Gain per sample from gain symbols (B, G) -> (B, 160 G): a ramp of 5 ms in the log domain, then constant."""
    log2 = (gain - GAIN_OFFSET) / GAIN_STEPS_PER_OCTAVE
    ramp = (ops.arange(SUBFRAME, dtype="float32") + 0.5) / SUBFRAME
    before = ops.maximum(previous(log2), log2 - MAX_RISE)[..., None]
    rise = before + (log2[..., None] - before) * ramp
    hold = ops.broadcast_to(log2[..., None], ops.shape(rise))
    contour = ops.concatenate([rise, hold], axis=-1)
    return ops.reshape(2.0 ** contour, (-1, GAIN_FRAME * gain.shape[1]))


def side_condition(hop, lsf, gain):
    """Side information per code frame and the one before it.

    Args:
        hop: samples per code frame.
        lsf: normalised LSFs (B, S, 16).
        gain: gain symbols (B, G).

    Returns:
        (B, K, C): LSFs at the code frame's end, its gains (two for a 20 ms hop, else one), and the same of the one
        before.
    """
    every = hop // SUBFRAME
    gain = (gain - GAIN_MEAN) / GAIN_SPREAD
    if hop == FRAME_SAMPLES:
        gains = ops.reshape(gain, (-1, gain.shape[1] // GAINS, GAINS))
    else:
        gains = ops.repeat(gain, GAIN_FRAME // hop, axis=1)[..., None]
    now = ops.concatenate([lsf[:, every - 1:: every], gains], axis=-1)
    return ops.concatenate([now, previous(now)], axis=-1)
