"""Softmax (soft-to-hard) quantisation with trainable bins.

References: Agustsson et al., "Soft-to-hard vector quantization", NeurIPS 2017; Kankanahalli, "End-to-end optimized
speech coding with deep neural networks", ICASSP 2018, section 2.2; Zhen et al., ICASSP 2020, section 3.1.
"""
import keras
from keras import ops

from neuralcodec.architecture.layout import BIN_RANGE, num_bins

SOFT = 2.0  # alpha: with bins a unit apart, d soft(z) / dz stays between 0.85 and 1
SPARSE = 6.0  # alpha where most codes are zero: d soft(z) / dz is 0.06 at 0 and 3 between two bins


class SoftmaxQuantizer(keras.layers.Layer):
    """Assigns each value to the nearest of 2 * limit + 1 trainable bins, each within `BIN_RANGE` of its symbol.

    The forward pass is the hard assignment, everywhere; the gradient is that of softmax(-alpha d^2) over the nearest
    bins (those further away have no weight worth computing). Bins start at the integers and keep their order, because
    each stays within half a unit of where it started.

    Args:
        limit: the largest symbol; symbols run from -limit to limit.
        codebooks: how many codebooks; the last axis of the input has one value for each (any number for one).
        alpha: how hard the softmax is.
    """

    def __init__(self, limit, codebooks=1, alpha=SOFT, **kwargs):
        super().__init__(**kwargs)
        self.limit, self.codebooks, self.alpha = limit, codebooks, alpha
        self.offset = self.add_weight(shape=(codebooks * num_bins(limit),), initializer="zeros", name="offset")

    def call(self, z):
        """z (..., C) in units of the step -> reconstruction (..., C) in the same units, symbols (..., C) as floats."""
        nearest = ops.stop_gradient(ops.clip(ops.round(z), -self.limit, self.limit))
        candidates = [ops.clip(nearest + k, -self.limit, self.limit) for k in (-1, 0, 1)]
        points = [self.reconstruct(symbols) for symbols in candidates]
        distances = [ops.square(z - point) for point in points]
        hard, symbols, best = points[1], candidates[1], distances[1]
        for k in (0, 2):
            closer = distances[k] < best
            hard, symbols = ops.where(closer, points[k], hard), ops.where(closer, candidates[k], symbols)
            best = ops.where(closer, distances[k], best)
        weights = [ops.exp(-self.alpha * (distance - best)) for distance in distances]
        soft = sum(w * p for w, p in zip(weights, points)) / sum(weights)
        return soft + ops.stop_gradient(hard - soft), ops.stop_gradient(symbols)

    def reconstruct(self, symbols):
        """Symbols (..., C) as floats -> bin positions (..., C)."""
        index = ops.cast(symbols, "int32") + self.limit
        if self.codebooks > 1:
            index = index + ops.arange(self.codebooks, dtype="int32") * num_bins(self.limit)
        return symbols + BIN_RANGE * ops.tanh(ops.take(self.offset, index))


def straight_through(z, symbols):
    """Symbols with the gradient of z: what the rate is computed from."""
    return z + ops.stop_gradient(symbols - z)
