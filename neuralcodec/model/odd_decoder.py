"""The decoder of a nested cascade: a CNN whose output changes sign with its input.

A decoder that learns from comparisons adds one and the same pattern to every frame where it knows little, which is
heard as a buzz at the rate of the frames. One that is odd, f(-x) = -f(x), cannot: texture comes from the noise in the
place of zeros, which it shapes. It has two paths: a signed one without biases, and controls that see only how large
coefficients are, and scale the signed one.

Names of classes and attributes here are paths in `model.weights.h5`: see `architecture.layout` before renaming any.
"""
import keras
from keras import layers, ops

from neuralcodec.architecture.layout import BLOCK_KERNEL, bottleneck
from neuralcodec.model.cnn import CausalConv1D, leaky_relu
from neuralcodec.model.initializers import glorot, small


def magnitude(x):
    """How large coefficients are, compressed: log(1 + 4 |x|)."""
    return ops.log1p(4.0 * ops.abs(x))


class OddConv1D(CausalConv1D):
    """Convolution over code frames without a bias."""

    def __init__(self, width, kernel, lookahead=0, **kwargs):
        super().__init__(width, kernel, lookahead, **kwargs)
        self.dense = layers.Dense(width, use_bias=False, kernel_initializer=glorot(kernel), name="dense")


class OddBlock(layers.Layer):
    """A bottleneck over three code frames on the signed path, scaled by the controls, which learn how large it became.

    Args:
        width, control: channels of the signed path and of the controls.
    """

    def __init__(self, width, control, **kwargs):
        super().__init__(**kwargs)
        inner = bottleneck(width)
        self.squeeze = layers.Dense(inner, use_bias=False, kernel_initializer=glorot(2), name="squeeze")
        self.conv = OddConv1D(inner, BLOCK_KERNEL, name="conv")
        self.gate = layers.Dense(inner, kernel_initializer=glorot(6), name="gate")
        self.expand = layers.Dense(width, use_bias=False, name="expand",
                                   kernel_initializer=keras.initializers.VarianceScaling(0.1, seed=3))
        self.update = layers.Dense(control, kernel_initializer=glorot(7), name="update")
        for layer, channels in ((self.squeeze, width), (self.conv, inner), (self.gate, control), (self.expand, inner),
                                (self.update, control + inner)):
            layer.build((None, None, channels))
        self.built = True

    def call(self, signed, controls):
        """Signed features (B, K, width) and controls (B, K, control) -> the same."""
        u = self.conv(self.squeeze(signed)) * (2.0 * ops.sigmoid(self.gate(controls)))
        seen = ops.concatenate([controls, magnitude(u)], axis=-1)
        return signed + self.expand(u), controls + leaky_relu(self.update(seen))


class OddDecoder(layers.Layer):
    """Completes the coefficients that were sent.

    Args:
        layout: OddDecoderLayout.
    """

    def __init__(self, layout, **kwargs):
        super().__init__(**kwargs)
        self.enter = OddConv1D(layout.width, layout.kernel, layout.lookahead, name="enter")
        self.sizes = CausalConv1D(layout.control, layout.control_kernel, layout.lookahead, name="sizes")
        self.condition = layers.Dense(layout.control, use_bias=False, kernel_initializer=glorot(4), name="condition")
        self.blocks = [OddBlock(layout.width, layout.control, name=f"block_{i}") for i in range(layout.blocks)]
        self.leave = layers.Dense(layout.hop, use_bias=False, kernel_initializer=small(), name="leave")
        self.gain = layers.Dense(layout.hop, kernel_initializer=small(), name="gain")
        for layer, channels in ((self.enter, layout.hop), (self.sizes, layout.hop), (self.condition, layout.condition),
                                (self.leave, layout.width), (self.gain, layout.control)):
            layer.build((None, None, channels))
        self.built = True

    def call(self, t, condition):
        """Coefficients (B, K, N) and what is known (B, K, C) -> completed ones (B, K, N)."""
        signed = self.enter(t)
        controls = leaky_relu(self.sizes(magnitude(t)) + self.condition(condition))
        for block in self.blocks:
            signed, controls = block(signed, controls)
        return t + self.leave(signed) + t * self.gain(controls)
