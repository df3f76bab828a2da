"""The one quantiser of a nested cascade, whose steps halve from module to module. K counts code frames."""

import numpy as np

from neuralcodec.architecture.layout import BIN_RANGE, MODULE_LIMIT, POINT_SIZES
from neuralcodec.runtime.cnn import leaky_relu
from neuralcodec.runtime.layers import Dense, checked


class StepSizes:
    """Step size of every coefficient from side information.

    Args:
        weights: dict of name -> float32 array, of the whole cascade.
        step_scale: all step sizes are scaled by this.
    """

    def __init__(self, weights, step_scale=1.0):
        self._log_step = weights["step_sizes/log_step"] + np.float32(np.log(step_scale))
        self._hidden, self._out = Dense(weights, "step_sizes/hidden"), Dense(weights, "step_sizes/out")

    def __call__(self, condition):
        """(K, C) -> (K, N), of the module that sends a coefficient first."""
        return np.exp(self._log_step + self._out(leaky_relu(self._hidden(condition))))


class EmbeddedQuantizer:
    """|symbol| = floor(|value| / step), so that zero is two steps wide.

    Args:
        weights: dict of name -> float32 array, of the whole cascade.
        config: NestedConfig.
    """

    def __init__(self, weights, config):
        place = np.arange(config.hop)
        self._coded, self._places = config.coded, place + POINT_SIZES * config.hop
        # The module that sends a coefficient first; the number of modules where none does.
        self._first = sum((place >= count).astype(np.int64) for count in config.coded)
        self._beyond = [_beyond(weights[f"embedded_quantizer/offset_{i}"]) for i in range(len(config.modules))]

    def halvings(self, number):
        """How often the steps of a module were halved, (N,)."""
        return np.maximum(number - self._first, 0)

    def quantise(self, z, number):
        """Values in steps of the first sending (K, N) -> symbols of a module int64 (K, N)."""
        size = np.minimum(np.abs(checked(z)), np.float32(MODULE_LIMIT + 1 - 1e-3))
        size *= np.float32(2) ** self.halvings(number)
        symbols = (np.floor(size) * np.sign(z)).astype(np.int64)
        symbols[:, self._coded[number]:] = 0
        return symbols

    def points(self, symbols, number):
        """Where symbols int16 (K, N) of a module are reconstructed, float32 (K, N) in its steps."""
        near = np.minimum(np.maximum(symbols, -POINT_SIZES), POINT_SIZES)
        points = self._beyond[number].take(near * symbols.shape[1] + self._places)
        points += symbols
        return points


def _beyond(offset):
    """Trained offsets (3, N) -> how far beyond its symbol -3, ..., 3 a point lies, float32 (7 N,); 0 stays 0."""
    beyond = 0.5 + np.float32(BIN_RANGE) * np.tanh(offset)
    return np.concatenate([-beyond[::-1], np.zeros_like(beyond[:1]), beyond]).astype(np.float32).reshape(-1)
