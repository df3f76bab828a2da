"""The decoder of a nested cascade, whose output changes sign with its input, with memory. K counts code frames."""

import numpy as np

from neuralcodec.architecture.layout import BLOCK_KERNEL, bottleneck
from neuralcodec.runtime.cnn import CausalConv1D, leaky_relu
from neuralcodec.runtime.layers import Dense, Queue


def magnitude(x):
    """How large coefficients are, compressed: log(1 + 4 |x|)."""
    size = np.abs(x)
    size *= 4
    return np.log1p(size, out=size)


class OddBlock:
    """A bottleneck over three code frames on the signed path, scaled by the controls, which learn how large it became.

    Args:
        weights: dict of name -> float32 array.
        name: prefix of its arrays in `weights`.
        width: channels of the signed path.
    """

    def __init__(self, weights, name, width):
        self._squeeze, self._gate, self._expand, self._update = (
            Dense(weights, f"{name}/{layer}") for layer in ("squeeze", "gate", "expand", "update"))
        self._conv = CausalConv1D(weights, f"{name}/conv", bottleneck(width), BLOCK_KERNEL)

    def __call__(self, signed, controls):
        """Signed features (K, width) and controls (K, control) -> the same."""
        gate = self._gate(controls)
        gate *= np.float32(0.5)
        gate = np.tanh(gate, out=gate)  # 2 sigmoid(x) = 1 + tanh(x / 2)
        gate += 1
        u = self._conv(self._squeeze(signed))
        u *= gate
        seen = np.concatenate([controls, magnitude(u)], axis=1)
        more, update = self._expand(u), leaky_relu(self._update(seen))
        more += signed
        update += controls
        return more, update


class OddDecoder:
    """Completes the coefficients that were sent.

    Args:
        weights: dict of name -> float32 array, of the whole cascade.
        layout: OddDecoderLayout.
    """

    def __init__(self, weights, layout):
        self._enter = CausalConv1D(weights, "decoder/enter", layout.hop, layout.kernel, layout.lookahead)
        self._sizes = CausalConv1D(weights, "decoder/sizes", layout.hop, layout.control_kernel, layout.lookahead)
        self._condition, self._leave, self._gain = (
            Dense(weights, f"decoder/{layer}") for layer in ("condition", "leave", "gain"))
        self._blocks = [OddBlock(weights, f"decoder/block_{i}", layout.width) for i in range(layout.blocks)]
        self._coefficients, self._conditions = Queue(), Queue()  # wait for the look-ahead

    def __call__(self, t, condition):
        """Coefficients (K, N) and what is known (K, C) -> completed ones (K, N), at the beginning fewer."""
        signed, controls = self._enter(t), self._sizes(magnitude(t))
        self._coefficients.push(t)
        self._conditions.push(condition)
        controls = leaky_relu(controls + self._condition(self._conditions.pop(len(controls))))
        for block in self._blocks:
            signed, controls = block(signed, controls)
        t = self._coefficients.pop(len(signed))
        completed = self._gain(controls)
        completed += 1
        completed *= t
        completed += self._leave(signed)
        return completed
