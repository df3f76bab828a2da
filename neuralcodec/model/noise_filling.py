"""Noise in the place of zeros: the same noise on every machine, of a trained level."""
import keras
import numpy as np
from keras import ops

from neuralcodec.architecture.noise import NOISE

FIRST_LOG_LEVEL = -1.0  # initially, the log of the level, in units of the step: a fifth of it (RMS)


class NoiseFill(keras.layers.Layer):
    """Puts noise where a symbol is 0.

    Coefficients that flicker in and out of zero leave holes in the spectrum, which are heard as a watery sound; and a
    decoder without a source of noise fills them with the same pattern in every frame, which is heard as a buzz.

    Its one variable is a path in `model.weights.h5`: see `architecture.layout`.

    Args:
        hop: coefficients per code frame.
    """

    def __init__(self, hop, **kwargs):
        super().__init__(**kwargs)
        self.log_level = self.add_weight(shape=(hop,), name="log_level",
                                         initializer=keras.initializers.Constant(FIRST_LOG_LEVEL))
        self.noise = NOISE.reshape(-1, hop)
        self.built = True

    def call(self, symbols):
        """Symbols (B, K, hop) -> noise in units of the step (B, K, hop), 0 where the symbol is not."""
        noise = np.resize(self.noise, tuple(symbols.shape[1:]))
        return ops.where(symbols == 0, ops.multiply(ops.exp(self.log_level), noise), 0.0)
