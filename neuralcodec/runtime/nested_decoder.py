"""From the frames of a nested cascade to samples."""

import numpy as np

from neuralcodec.architecture.layout import odd_decoder_layout
from neuralcodec.architecture.nested import NestedConfig
from neuralcodec.architecture.transform import lapped_basis
from neuralcodec.bitstream.nested_payload import refined
from neuralcodec.bitstream.symbols import STEPS_PER_OCTAVE
from neuralcodec.runtime.decoder import Decoder, StreamingDecoder
from neuralcodec.runtime.embedded_quantizer import EmbeddedQuantizer, StepSizes
from neuralcodec.runtime.layers import Queue
from neuralcodec.runtime.noise_filling import NoiseFill
from neuralcodec.runtime.noise_substitution import NoiseSubstitution
from neuralcodec.runtime.odd_decoder import OddDecoder
from neuralcodec.runtime.side import SideCondition
from neuralcodec.runtime.transform import InverseTransform


def make_decoder(config, weights, step_index=0, modules=None, first_frame=0):
    """The streaming decoder of a cascade of either kind; arguments as for `NestedDecoder`."""
    kind = NestedDecoder if isinstance(config, NestedConfig) else Decoder
    return kind(config, weights, step_index, modules, first_frame)


class NestedDecoder(StreamingDecoder):
    """Streaming decoder: `push` frames as they come, get the samples that these complete, from sample 0 of the file.

    Args:
        config: NestedConfig.
        weights: dict of name -> float32 array, checked by `check_weights`.
        step_index: as in the `NestedEncoder`.
        modules: decode the first so many modules only; None for all.
        first_frame: as in the `Decoder`.

    Example:
        >>> decoder = NestedDecoder(config, weights)
        >>> samples = decoder.push(frames)[:num_samples]
    """

    def __init__(self, config, weights, step_index=0, modules=None, first_frame=0):
        super().__init__(config, weights)
        available = len(config.modules)
        self._last, self._hop = (available if modules is None else modules) - 1, config.hop
        self._prefix = np.eye(available, dtype=np.float32)[self._last]  # tells the networks how many there are
        self._side_condition = SideCondition(config.hop)
        self._step_sizes = StepSizes(weights, 2 ** (step_index / STEPS_PER_OCTAVE))
        self._quantizer = EmbeddedQuantizer(weights, config)
        self._noise_fill = NoiseFill(weights[f"fill_{self._last}/log_level"], first_frame)
        self._decoder = OddDecoder(weights, odd_decoder_layout(config))
        self._noise, self._conditions = None, Queue()  # conditions wait for the look-ahead
        if config.noise_above:
            self._noise = NoiseSubstitution(weights, config.hop, config.noise_above, available, first_frame)
        self._inverse_transform = InverseTransform(lapped_basis(config.hop))

    def _excitation(self, modules, lsf, gain):
        condition = self._side_condition(lsf, gain)
        flags = np.broadcast_to(self._prefix, (len(condition), len(self._prefix)))
        known = np.concatenate([condition, flags], axis=1)
        self._conditions.push(known)
        t = self._decoder(self._coefficients(modules, condition), known)
        y, known = self._inverse_transform(t), self._conditions.pop(len(t))
        return y + self._noise(self._noise.levels(t, known)) if self._noise else y

    def _coefficients(self, modules, condition):
        """What each module sent (F, 320) and side information (K, C) -> coefficients (K, N), with noise for zeros."""
        symbols = None
        for sent in modules[: self._last + 1]:
            sent = sent.astype(np.int64).reshape(-1, self._hop)
            symbols = sent if symbols is None else refined(symbols, sent)
        step = self._step_sizes(condition) * np.float32(0.5) ** self._quantizer.halvings(self._last)
        return ((self._quantizer.points(symbols, self._last) + self._noise_fill(symbols)) * step).astype(np.float32)
