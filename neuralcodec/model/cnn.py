"""The CNNs of encoders and decoders.

Names of classes and attributes here are paths in `model.weights.h5`: see `architecture.layout` before renaming any.
"""
import keras
from keras import layers, ops

from neuralcodec.architecture.layout import BLOCK_KERNEL, LEAKY_SLOPE, bottleneck
from neuralcodec.model.initializers import glorot, small


def leaky_relu(x):
    return ops.leaky_relu(x, LEAKY_SLOPE)


class CausalConv1D(layers.Layer):
    """Convolution over code frames that sees those before and at most `lookahead` after.

    It is written as a dense layer over neighbours, which XLA runs several times faster on a CPU than its own
    convolution with few code frames and many channels.
    """

    def __init__(self, width, kernel, lookahead=0, **kwargs):
        super().__init__(**kwargs)
        self.kernel, self.padding = kernel, (kernel - 1 - lookahead, lookahead)
        self.dense = layers.Dense(width, kernel_initializer=glorot(kernel), name="dense")

    def build(self, shape):
        self.dense.build((*shape[:-1], self.kernel * shape[-1]))
        self.built = True

    def call(self, x):
        """(B, K, inputs) -> (B, K, width)."""
        padded = ops.pad(x, [[0, 0], self.padding, [0, 0]])
        return self.dense(ops.concatenate([padded[:, i: i + x.shape[1]] for i in range(self.kernel)], axis=-1))


class ResidualBlock(layers.Layer):
    """x + expand(conv(squeeze(x))): a bottleneck over three code frames."""

    def __init__(self, width, **kwargs):
        super().__init__(**kwargs)
        inner = bottleneck(width)
        self.squeeze = layers.Dense(inner, kernel_initializer=glorot(2), name="squeeze")
        self.conv = CausalConv1D(inner, BLOCK_KERNEL, name="conv")
        self.expand = layers.Dense(width, kernel_initializer=keras.initializers.VarianceScaling(0.1, seed=3),
                                   name="expand")

    def build(self, shape):
        self.squeeze.build(shape)
        inner = (*shape[:-1], self.squeeze.units)
        self.conv.build(inner)
        self.expand.build(inner)
        self.built = True

    def call(self, x):
        """(B, K, width) -> (B, K, width)."""
        y = leaky_relu(self.squeeze(x))
        return x + self.expand(leaky_relu(self.conv(y)))


class Correction(layers.Layer):
    """The CNN of an encoder or decoder: coefficients and side information in, a correction of the coefficients out.

    Corrections start small; those of later modules at zero: even a small correction at random would be noise in what
    those before have decoded.

    Args:
        layout: CorrectionLayout.
        first: whether it is one of the first module.
    """

    def __init__(self, layout, first=True, **kwargs):
        super().__init__(**kwargs)
        self.enter = CausalConv1D(layout.width, layout.kernel, layout.lookahead, name="enter")
        self.condition = layers.Dense(layout.width, use_bias=False, name="condition", kernel_initializer=glorot(4))
        self.blocks = [ResidualBlock(layout.width, name=f"block_{i}") for i in range(layout.blocks)]
        self.leave = layers.Dense(layout.outputs, kernel_initializer=small() if first else "zeros", name="leave")
        self.layout = layout

    def build(self, shape=None):
        self.enter.build((None, None, self.layout.inputs))
        self.condition.build((None, None, self.layout.condition))
        for layer in (*self.blocks, self.leave):
            layer.build((None, None, self.layout.width))
        self.built = True

    def call(self, x, condition):
        """Inputs (B, K, inputs), side information (B, K, C) -> (B, K, outputs)."""
        h = self.enter(x) + self.condition(condition)
        for block in self.blocks:
            h = block(h)
        return self.leave(leaky_relu(h))
