"""The CNNs of encoders and decoders, with memory. K counts code frames."""

import numpy as np

from neuralcodec.architecture.layout import BLOCK_KERNEL, LEAKY_SLOPE, bottleneck
from neuralcodec.runtime.layers import Dense, Product, Queue


def leaky_relu(x):
    return np.maximum(x, np.float32(LEAKY_SLOPE) * x)


class CausalConv1D:
    """Convolution over code frames: a dense layer over `kernel` neighbours, the last `lookahead` of which come later.

    Zeros stand before the first code frame. One comes out once its look-ahead is in.
    """

    def __init__(self, weights, name, inputs, kernel, lookahead=0, product=Product):
        self._dense, self._kernel = Dense(weights, name, product), kernel
        self._past = np.zeros((kernel - 1 - lookahead, inputs), np.float32)

    def __call__(self, x):
        """(K, inputs) -> (K, width), at the beginning fewer by the look-ahead."""
        x = np.concatenate([self._past, x])
        count = max(0, len(x) - self._kernel + 1)
        self._past = x[count:]
        return self._dense(np.concatenate([x[i: i + count] for i in range(self._kernel)], axis=1))


class ResidualBlock:
    """x + expand(conv(squeeze(x))): a bottleneck over three code frames."""

    def __init__(self, weights, name, width, product=Product):
        self._squeeze = Dense(weights, f"{name}/squeeze", product)
        self._conv = CausalConv1D(weights, f"{name}/conv", bottleneck(width), BLOCK_KERNEL, product=product)
        self._expand = Dense(weights, f"{name}/expand", product)

    def __call__(self, x):
        """(K, width) -> (K, width)."""
        y = leaky_relu(self._squeeze(x))
        y = self._expand(leaky_relu(self._conv(y)))
        y += x
        return y


class Correction:
    """The CNN of an encoder or decoder: coefficients and side information in, a correction of the coefficients out.

    Args:
        weights: dict of name -> float32 array.
        name: prefix of its arrays in `weights`.
        layout: CorrectionLayout.
        product: as for `Dense`.
    """

    def __init__(self, weights, name, layout, product=Product):
        self._enter = CausalConv1D(weights, f"{name}/enter", layout.inputs, layout.kernel, layout.lookahead, product)
        self._condition = Dense(weights, f"{name}/condition", product)
        self._blocks = [ResidualBlock(weights, f"{name}/block_{i}", layout.width, product)
                        for i in range(layout.blocks)]
        self._leave = Dense(weights, f"{name}/leave", product)
        self._conditions = Queue()

    def __call__(self, x, condition):
        """Inputs (K, inputs), side information (K, C) -> (K, outputs), at the beginning fewer by the look-ahead."""
        h = self._enter(x)
        self._conditions.push(condition)
        h += self._condition(self._conditions.pop(len(h)))
        for block in self._blocks:
            h = block(h)
        return self._leave(leaky_relu(h))
