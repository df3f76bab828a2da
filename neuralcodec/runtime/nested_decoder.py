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
        super().__init__(config, weights, modules)
        available = len(config.modules)
        self._last, self._hop = self.modules - 1, config.hop
        self._prefixes = np.eye(available, dtype=np.float32)  # tell the networks how many modules there are
        self._side_condition = SideCondition(config.hop)
        self._step_sizes = StepSizes(weights, 2 ** (step_index / STEPS_PER_OCTAVE))
        self._quantizer = EmbeddedQuantizer(weights, config)
        self._noise_fills = [NoiseFill(weights[f"fill_{number}/log_level"], first_frame)
                             for number in range(self._last + 1)]
        self._decoder = OddDecoder(weights, odd_decoder_layout(config))
        self._noise, self._conditions = None, Queue()  # conditions wait for the look-ahead
        if config.noise_above:
            self._noise = NoiseSubstitution(weights, config.hop, config.noise_above, available, first_frame)
        self.basis = lapped_basis(config.hop)
        self._inverse_transform = InverseTransform(self.basis)

    def _excitation(self, modules, lsf, gain, substitute):
        condition, last = self._side_condition(lsf, gain), min(self._last, len(modules) - 1)
        flags = np.broadcast_to(self._prefixes[last], (len(condition), len(self._prefixes)))
        known = np.concatenate([condition, flags], axis=1)
        self._conditions.push(known)
        coefficients = self._coefficients(modules, condition, last)  # in any case: the noise in it goes on
        coefficients = coefficients if substitute is None else substitute
        t = self._decoder(coefficients, known)
        known = self._conditions.pop(len(t))
        if self._noise:  # beside it in the same transform
            t = t + self._noise.coefficients(self._noise.levels(t, known))
        return self._inverse_transform(t), coefficients

    def _coefficients(self, modules, condition, last):
        """What each module sent (F, 320) and side information (K, C) -> coefficients (K, N), with noise for zeros.

        The modules up to number `last` count.
        """
        symbols = None
        for sent in modules[: last + 1]:
            sent = sent.astype(np.int16).reshape(-1, self._hop)
            symbols = sent if symbols is None else refined(symbols, sent)
        for fill in self._noise_fills[:last] + self._noise_fills[last + 1:]:
            fill.skip(len(symbols))
        coefficients = self._quantizer.points(symbols, last)
        coefficients += self._noise_fills[last](symbols)
        coefficients *= self._step_sizes(condition)
        coefficients *= np.float32(0.5) ** self._quantizer.halvings(last)
        return coefficients
