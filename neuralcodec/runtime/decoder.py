"""From frames to samples, in pieces of any length."""

import numpy as np

from neuralcodec.architecture.framing import SUBFRAME
from neuralcodec.bitstream.symbols import FRAMES_PER_BLOCK, STEPS_PER_OCTAVE
from neuralcodec.runtime.layers import Queue, checked, distrusted
from neuralcodec.runtime.lpc import SynthesisFilter
from neuralcodec.runtime.module import ResidualModule
from neuralcodec.runtime.noise_substitution import NoiseSubstitution
from neuralcodec.runtime.side import GainContour, LsfContour, LsfQuantizer, SideCondition


class StreamingDecoder:
    """What decoders of both kinds of cascades share: pieces of any length, the LPC stage and gains.

    Once all frames are in, at least as many samples have come out as went into the encoder; what is more is silence.

    Args:
        config: CascadeConfig or NestedConfig.
        weights: dict of name -> float32 array, checked by `check_weights`.
    """

    def __init__(self, config, weights):
        self._lsf_quantizer = LsfQuantizer(weights, config.lpc != "none")
        self._lsf_contour, self._gain_contour = LsfContour(self._lsf_quantizer), GainContour()
        self._synthesis_filter = None if config.lpc == "none" else SynthesisFilter()
        self._contours, self._predictors = Queue(), Queue()  # wait for the modules

    def push(self, frames):
        """Decodes the next frames.

        Args:
            frames: Frames, any number, of at least as many modules as are decoded.

        Returns:
            float32 (n,), none of which any later frame changes.

        Raises:
            PresetError: the weights make NaN.
        """
        size = FRAMES_PER_BLOCK  # a second at a time stays in the processor's cache
        with distrusted():
            parts = [checked(self._decode(frames[start: start + size])) for start in range(0, len(frames), size)]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def _decode(self, frames):
        """A few frames, at least one -> samples (n,)."""
        gain = frames.gain.astype(np.int64).reshape(-1)
        predictors, lsf = self._lsf_contour(self._lsf_quantizer.reconstruct(frames.lsf.astype(np.int64)))
        self._contours.push(self._gain_contour(gain))
        self._predictors.push(predictors)
        y = self._excitation(frames.modules, lsf, gain)
        y = y * self._contours.pop(len(y))
        predictors = self._predictors.pop(len(y) // SUBFRAME)
        return self._synthesis_filter(y, predictors) if self._synthesis_filter and len(y) else y

    def _excitation(self, modules, lsf, gain):
        """What the modules decode.

        Args:
            modules: list of what each module sent, int8 (F, 320).
            lsf: normalised LSFs (S, 16).
            gain: gain symbols (G,).

        Returns:
            (n,), to be scaled by the gains and filtered.
        """
        raise NotImplementedError


class Decoder(StreamingDecoder):
    """Streaming decoder: `push` frames as they come, get the samples that these complete, from sample 0 of the file.

    Args:
        config: CascadeConfig.
        weights: dict of name -> float32 array, checked by `check_weights`.
        step_index: as in the `Encoder`.
        modules: decode with the first so many modules only; None for all.
        first_frame: number of the first frame that will be pushed. The samples that come out begin with it; those of
            the first few hundred milliseconds are not yet what they are when a file is decoded from its beginning.

    Example:
        >>> decoder = Decoder(config, weights)
        >>> samples = decoder.push(frames)[:num_samples]
    """

    def __init__(self, config, weights, step_index=0, modules=None, first_frame=0):
        super().__init__(config, weights)
        count = len(config.modules) if modules is None else modules
        self._stages = [
            _Stage(module, weights, number, delay, 2 ** (step_index / STEPS_PER_OCTAVE), first_frame)
            for number, (module, delay) in enumerate(zip(config.modules[:count], config.code_frame_delays))
        ]
        self._noise = None
        if config.noise_above:
            self._noise = _Noise(weights, config.modules[0].hop, config.noise_above, first_frame)

    def _excitation(self, modules, lsf, gain):
        y, coefficients = None, None
        for stage, symbols in zip(self._stages, modules):
            y, decoded = stage.decode(symbols, y, lsf, gain)
            coefficients = decoded if coefficients is None else coefficients  # of the first
        return y + self._noise(coefficients, lsf, gain, len(y)) if self._noise else y


class _Stage:
    """A module inside the decoder, with the queues that bring together what belongs to the same time."""

    def __init__(self, config, weights, number, delay, step_scale, first_frame):
        self._module = ResidualModule(weights, config, number, step_scale, first_frame)
        self._side_condition = SideCondition(config.hop)
        self._reconstruction, self._conditions = Queue(), Queue()
        self._ahead = delay  # code frames still to come that lie before the first

    def decode(self, symbols, reconstruction, lsf, gain):
        """Decodes whole frames.

        Args:
            symbols: int8 (F, 320).
            reconstruction: by the modules before (n,); None for the first module.
            lsf, gain: side information of the frames.

        Returns:
            the reconstruction by this module and those before by now, (m,); this module's coefficients (k, hop).
        """
        hop = self._module.hop
        symbols = symbols.astype(np.int64).reshape(-1, hop)
        skipped = min(self._ahead, len(symbols))
        self._ahead -= skipped
        symbols = symbols[skipped:]
        self._conditions.push(self._side_condition(lsf, gain))
        if reconstruction is not None:
            self._reconstruction.push(reconstruction)
            reconstruction = self._reconstruction.pop(len(symbols) * hop)
        return self._module.decode(symbols, self._module.share(reconstruction, self._conditions.pop(len(symbols))))


class _Noise:
    """The noise beside what is decoded, with the queue in which it waits for the other modules."""

    def __init__(self, weights, hop, above, first_frame):
        self._substitution = NoiseSubstitution(weights, hop, above, first_frame=first_frame)
        self._side_condition, self._waveform = SideCondition(hop), Queue()

    def __call__(self, coefficients, lsf, gain, count):
        """Makes noise.

        Args:
            coefficients: decoded by the first module by now, (K, hop).
            lsf, gain: side information of the frames.
            count: samples that all modules have decoded by now.

        Returns:
            float32 (count,).
        """
        levels = self._substitution.levels(coefficients, self._side_condition(lsf, gain))
        self._waveform.push(self._substitution(levels))
        return self._waveform.pop(count)
