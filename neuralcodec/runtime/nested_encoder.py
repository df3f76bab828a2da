"""From samples to the frames of a nested cascade. A frame depends on no sample after it."""

import numpy as np

from neuralcodec.architecture.layout import nested_encoder_layout
from neuralcodec.architecture.nested import NestedConfig
from neuralcodec.architecture.transform import lapped_basis
from neuralcodec.bitstream.nested_payload import refinement
from neuralcodec.bitstream.symbols import STEPS_PER_OCTAVE
from neuralcodec.runtime.cnn import Correction
from neuralcodec.runtime.embedded_quantizer import EmbeddedQuantizer, StepSizes
from neuralcodec.runtime.encoder import Encoder, StreamingEncoder
from neuralcodec.runtime.side import SideCondition
from neuralcodec.runtime.transform import Transform

_FINE = ("encoder/", "step_sizes/")  # weights before the thresholds


def make_encoder(config, weights, step_index=0):
    """The streaming encoder of a cascade of either kind; arguments as for `NestedEncoder`."""
    return (NestedEncoder if isinstance(config, NestedConfig) else Encoder)(config, weights, step_index)


class NestedEncoder(StreamingEncoder):
    """Streaming encoder of a nested cascade: `push` samples as they come, `finish` after the last one.

    Args:
        config: NestedConfig.
        weights: dict of name -> float32 array, checked by `check_weights`.
        step_index: all step sizes are scaled by 2^(step_index / 256).

    Example:
        >>> encoder = NestedEncoder(config, weights)
        >>> frames = [encoder.push(samples) for samples in source] + [encoder.finish()]
        >>> frames = Frames.concatenate(frames)
    """

    def __init__(self, config, weights, step_index=0):
        super().__init__(config, weights)
        # A matrix product rounds otherwise for two rows than for a hundred. In single precision that moves a value in
        # 100,000 over a threshold, and a stream would have other symbols than a file.
        fine = {name: array.astype(np.float64) for name, array in weights.items() if name.startswith(_FINE)}
        self._side_condition = SideCondition(config.hop)
        self._transform = Transform(lapped_basis(config.hop).astype(np.float64))
        self._encoder = Correction(fine, "encoder", nested_encoder_layout(config))
        self._step_sizes = StepSizes(fine, 2 ** (step_index / STEPS_PER_OCTAVE))
        self._quantizer = EmbeddedQuantizer(weights, config)

    def _code(self, target, lsf, gain):
        condition, t = self._side_condition(lsf, gain), self._transform(target)  # (K, C), (K, N)
        z = (t + self._encoder(t, condition)) / self._step_sizes(condition)
        lower, sent = None, []
        for number in range(self._num_modules):
            symbols = self._quantizer.quantise(z, number)
            sent.append(symbols if lower is None else refinement(lower, symbols))
            lower = symbols
        return sent
