"""The one quantiser of a nested cascade, whose steps halve from module to module.

Reference: Taubman and Marcellin, "JPEG 2000", 2002, section 3.2 (embedded quantisation with a dead zone).

Names of classes and attributes here are paths in `model.weights.h5`: see `architecture.layout` before renaming any.
"""
import numpy as np
from keras import layers, ops

from neuralcodec.architecture.layout import BIN_RANGE, MODULE_LIMIT, POINT_SIZES, condition_width
from neuralcodec.model.cnn import leaky_relu
from neuralcodec.model.initializers import glorot, small
from neuralcodec.model.quantizer import straight_through

FIRST_LOG_STEP, FRESH_LOG_STEP = 0.3, 1.2  # initially, of coefficients of the first module and of later ones
ZERO_GRADIENT = 0.9  # of a zero's reconstruction: far below 1, steps would drift until nothing is sent


class StepSizes(layers.Layer):
    """Step size of every coefficient from side information: learned bit allocation and noise shaping.

    Args:
        config: a NestedConfig.
    """

    def __init__(self, config, **kwargs):
        super().__init__(**kwargs)
        first = np.arange(config.hop) < config.coded[0]
        self.log_step = self.add_weight(shape=(config.hop,), name="log_step", initializer="zeros")
        self.log_step.assign(np.where(first, FIRST_LOG_STEP, FRESH_LOG_STEP))
        self.hidden = layers.Dense(config.step_width, activation=leaky_relu, name="hidden",
                                   kernel_initializer=glorot(5))
        self.out = layers.Dense(config.hop, use_bias=False, kernel_initializer=small(), name="out")
        self.hidden.build((None, condition_width(config.hop)))
        self.out.build((None, config.step_width))
        self.built = True

    def call(self, condition):
        """(B, K, C) -> (B, K, N), of the module that sends a coefficient first."""
        return ops.exp(self.log_step + self.out(self.hidden(condition)))


class EmbeddedQuantizer(layers.Layer):
    """|symbol| = floor(|value| / step), so that zero is two steps wide.

    The step halves from module to module; a module's |symbol| is the integer half of the next one's, exactly. Where
    nothing was sent before (a coefficient above the band limit of the modules before), a module begins afresh, with
    the step as it is. Thresholds do not learn; reconstruction points do, per module, size and coefficient.

    Args:
        config: a NestedConfig.
    """

    def __init__(self, config, **kwargs):
        super().__init__(**kwargs)
        place = np.arange(config.hop)
        self.sent = [(place < count).astype("float32") for count in config.coded]
        # The module that sends a coefficient first; the number of modules where none does.
        self.first = sum((place >= count).astype("float32") for count in config.coded)
        self.offset = [self.add_weight(shape=(POINT_SIZES, config.hop), initializer="zeros", name=f"offset_{i}")
                       for i in range(len(config.modules))]
        self.built = True

    def halvings(self, number):
        """How often the steps of a module were halved, (N,)."""
        return np.maximum(number - self.first, 0.0)

    def call(self, value, step, number):
        """Quantises for one module.

        Args:
            value: coefficients (B, K, N).
            step: (B, K, N), of the module.
            number: of the module, from 0.

        Returns:
            symbols: (B, K, N), without gradient; 0 where the module sends nothing.
            scaled: value in steps (B, K, N), at the middle of its cell, with the gradient of the value.
            reconstruction: (B, K, N), with gradients.
        """
        sent = ops.convert_to_tensor(self.sent[number])
        edge = (MODULE_LIMIT + 1.0) * 2.0 ** self.halvings(number) - 1e-3
        z = ops.clip(value / step, -edge, edge)  # beyond the last cell neither symbol nor gradient goes
        symbols = ops.stop_gradient(ops.sign(z) * ops.floor(ops.abs(z))) * sent
        soft = ops.where(symbols == 0, ZERO_GRADIENT * z, z) * sent
        reconstruction = (soft - ops.stop_gradient(soft) + self.points(symbols, number)) * step
        return symbols, straight_through(z, symbols + 0.5 * ops.sign(symbols)) * sent, reconstruction

    def points(self, symbols, number):
        """Where symbols (B, K, N) of a module are reconstructed, in its steps: near the middle of their cells."""
        size, sign = ops.minimum(ops.abs(symbols), float(POINT_SIZES)), ops.sign(symbols)
        offset = BIN_RANGE * ops.tanh(self.offset[number])
        moved = sum(ops.cast(size == c + 1, "float32") * offset[c] for c in range(POINT_SIZES))
        return symbols + sign * (0.5 + moved)
