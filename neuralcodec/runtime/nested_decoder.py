"""From the frames of a nested cascade to samples, in pieces of any length."""

import numpy as np

from neuralcodec.architecture.framing import SUBFRAME
from neuralcodec.architecture.layout import odd_decoder_layout
from neuralcodec.architecture.nested import NestedConfig
from neuralcodec.architecture.transform import lapped_basis
from neuralcodec.bitstream.nested_payload import refined
from neuralcodec.bitstream.symbols import FRAMES_PER_BLOCK, STEPS_PER_OCTAVE
from neuralcodec.runtime.decoder import Decoder
from neuralcodec.runtime.embedded_quantizer import EmbeddedQuantizer, StepSizes
from neuralcodec.runtime.layers import Queue
from neuralcodec.runtime.lpc import SynthesisFilter
from neuralcodec.runtime.noise_filling import NoiseFill
from neuralcodec.runtime.noise_substitution import NoiseSubstitution
from neuralcodec.runtime.odd_decoder import OddDecoder
from neuralcodec.runtime.side import GainContour, LsfContour, LsfQuantizer, SideCondition
from neuralcodec.runtime.transform import InverseTransform


def make_decoder(config, weights, step_index=0, modules=None):
    """The streaming decoder of a cascade of either kind; arguments as for `NestedDecoder`."""
    return (NestedDecoder if isinstance(config, NestedConfig) else Decoder)(config, weights, step_index, modules)


class NestedDecoder:
    """Streaming decoder: `push` frames as they come, get the samples that these complete, from sample 0 of the file.

    Once all frames are in, at least as many samples have come out as went into the encoder; what is more is silence.

    Args:
        config: NestedConfig.
        weights: dict of name -> float32 array, checked by `check_weights`.
        step_index: as in the `NestedEncoder`.
        modules: decode the first so many modules only; None for all.

    Example:
        >>> decoder = NestedDecoder(config, weights)
        >>> samples = decoder.push(frames)[:num_samples]
    """

    def __init__(self, config, weights, step_index=0, modules=None):
        count = len(config.modules) if modules is None else modules
        self._last, self._hop = count - 1, config.hop
        self._prefix = np.eye(len(config.modules), dtype=np.float32)[self._last]
        self._lsf_quantizer = LsfQuantizer(weights, config.lpc != "none")
        self._lsf_contour, self._gain_contour = LsfContour(self._lsf_quantizer), GainContour()
        self._side_condition = SideCondition(config.hop)
        self._step_sizes = StepSizes(weights, 2 ** (step_index / STEPS_PER_OCTAVE))
        self._quantizer = EmbeddedQuantizer(weights, config)
        self._noise_fill = NoiseFill(weights[f"fill_{self._last}/log_level"])
        self._decoder = OddDecoder(weights, odd_decoder_layout(config))
        self._noise = None
        if config.noise_above:
            self._noise = NoiseSubstitution(weights, config.hop, config.noise_above, len(config.modules))
        self._inverse_transform = InverseTransform(lapped_basis(config.hop))
        self._synthesis_filter = None if config.lpc == "none" else SynthesisFilter()
        self._contours, self._predictors, self._conditions = Queue(), Queue(), Queue()  # wait for the look-ahead

    def push(self, frames):
        """Decodes the next frames.

        Args:
            frames: Frames, any number, of at least as many modules as are decoded.

        Returns:
            float32 (n,), none of which any later frame changes.
        """
        size = FRAMES_PER_BLOCK  # a second at a time stays in the processor's cache
        parts = [self._decode(frames[start: start + size]) for start in range(0, len(frames), size)]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def _decode(self, frames):
        """A few frames, at least one -> samples (n,)."""
        gain = frames.gain.astype(np.int64).reshape(-1)
        predictors, lsf = self._lsf_contour(self._lsf_quantizer.reconstruct(frames.lsf.astype(np.int64)))
        self._contours.push(self._gain_contour(gain))
        self._predictors.push(predictors)
        condition = self._side_condition(lsf, gain)
        flags = np.broadcast_to(self._prefix, (len(condition), len(self._prefix)))
        known = np.concatenate([condition, flags], axis=1)
        self._conditions.push(known)
        t = self._decoder(self._coefficients(frames.modules, condition), known)
        y = self._inverse_transform(t)
        if self._noise:
            y = y + self._noise(self._noise.levels(t, self._conditions.pop(len(t))))
        y = y * self._contours.pop(len(y))
        predictors = self._predictors.pop(len(y) // SUBFRAME)
        return self._synthesis_filter(y, predictors) if self._synthesis_filter and len(y) else y

    def _coefficients(self, modules, condition):
        """What each module sent (F, 320) and side information (K, C) -> coefficients (K, N), with noise for zeros."""
        symbols = None
        for sent in modules[: self._last + 1]:
            sent = sent.astype(np.int64).reshape(-1, self._hop)
            symbols = sent if symbols is None else refined(symbols, sent)
        step = self._step_sizes(condition) * np.float32(0.5) ** self._quantizer.halvings(self._last)
        return ((self._quantizer.points(symbols, self._last) + self._noise_fill(symbols)) * step).astype(np.float32)
