"""From frames to samples, in pieces of any length."""

import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES, SUBFRAME
from neuralcodec.architecture.layout import MODULE_SYMBOLS
from neuralcodec.architecture.lpc import GAINS
from neuralcodec.bitstream.frames import Frames
from neuralcodec.bitstream.symbols import STEPS_PER_OCTAVE
from neuralcodec.runtime.layers import FRAMES_AT_ONCE, Queue, checked, distrusted
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
        modules: decode the first so many modules only; None for all.
    """

    def __init__(self, config, weights, modules=None):
        self.modules = len(config.modules) if modules is None else modules
        self.basis = None  # (2 hop, hop) of the first transform; kinds of cascades say which
        self.past = Past()
        self._lsf_quantizer = LsfQuantizer(weights, config.lpc != "none")
        self._lsf_contour, self._gain_contour = LsfContour(self._lsf_quantizer), GainContour()
        self._synthesis_filter = None if config.lpc == "none" else SynthesisFilter()
        self._contours, self._predictors = Queue(), Queue()  # wait for the modules

    def push(self, frames):
        """Decodes the next frames.

        Args:
            frames: Frames, any number. Where they have fewer modules than are decoded, the others are done without.

        Returns:
            float32 (n,), none of which any later frame changes.

        Raises:
            PresetError: the weights make NaN.
        """
        starts = range(0, len(frames), FRAMES_AT_ONCE)
        with distrusted():
            parts = [checked(self._decode(frames[start: start + FRAMES_AT_ONCE])) for start in starts]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def substitute(self, frames, coefficients):
        """Decodes something else in the place of frames that are missing.

        Args:
            frames: Frames, a few, of which only the side information counts.
            coefficients: float32 (K, hop), what the first module would have decoded to, before its CNN.

        Returns:
            As `push`.
        """
        return self._decode(frames, coefficients)

    def _decode(self, frames, substitute=None):
        """A few frames, at least one -> samples (n,)."""
        gain = frames.gain.astype(np.int64).reshape(-1)
        predictors, lsf = self._lsf_contour(self._lsf_quantizer.reconstruct(frames.lsf.astype(np.int64)))
        self._contours.push(self._gain_contour(gain))
        self._predictors.push(predictors)
        y, coefficients = self._excitation(frames.modules, lsf, gain, substitute)
        self.past.add(frames, coefficients)
        y = y * self._contours.pop(len(y))
        predictors = self._predictors.pop(len(y) // SUBFRAME)
        return self._synthesis_filter(y, predictors) if self._synthesis_filter and len(y) else y

    def _excitation(self, modules, lsf, gain, substitute):
        """What the modules decode.

        Args:
            modules: list of what each module sent, int8 (F, 320).
            lsf: normalised LSFs (S, 16).
            gain: gain symbols (G,).
            substitute: coefficients (K, hop) to take in the place of those that the modules sent; None for these.

        Returns:
            (n,), to be scaled by the gains and filtered; the coefficients (K, hop) of the first transform.
        """
        raise NotImplementedError


class Past:
    """What a decoder has received last: whoever fills a gap goes on from it."""

    FRAMES = 4  # 80 ms: two of the longest periods of a voice, and some more

    def __init__(self):
        self.frames = None  # the last ones, with side information only
        self.modules = 1  # of the last one
        self.coefficients = None  # (K, hop), newest last

    def add(self, frames, coefficients):
        """Takes in Frames and coefficients (K, hop)."""
        frames, self.modules = frames.first(0), len(frames.modules)
        if self.frames is not None:
            frames = Frames.concatenate([self.frames, frames])
            coefficients = np.concatenate([self.coefficients, coefficients])
        self.frames = frames[-self.FRAMES:]
        self.coefficients = coefficients[-(self.FRAMES * FRAME_SAMPLES // coefficients.shape[1]):]


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
        super().__init__(config, weights, modules)
        self._stages = [
            _Stage(module, weights, number, delay, 2 ** (step_index / STEPS_PER_OCTAVE), first_frame)
            for number, (module, delay) in enumerate(zip(config.modules[:self.modules], config.code_frame_delays))
        ]
        self._noise = None
        if config.noise_above:
            self._noise = _Noise(weights, config.modules[0].hop, config.noise_above, first_frame)
        self.basis = weights["module_0/basis"]

    def _excitation(self, modules, lsf, gain, substitute):
        missing = [np.zeros((len(gain) // GAINS, MODULE_SYMBOLS), np.int8)] * (len(self._stages) - len(modules))
        first, *later = zip(self._stages, [*modules, *missing])
        stage, symbols = first
        y, completed, coefficients = stage.decode(symbols, None, lsf, gain, substitute)
        for stage, symbols in later:
            y, _, _ = stage.decode(symbols, y, lsf, gain)
        return y + self._noise(completed, lsf, gain, len(y)) if self._noise else y, coefficients


class _Stage:
    """A module inside the decoder, with the queues that bring together what belongs to the same time."""

    def __init__(self, config, weights, number, delay, step_scale, first_frame):
        self._module = ResidualModule(weights, config, number, step_scale, first_frame)
        self._side_condition = SideCondition(config.hop)
        self._reconstruction, self._conditions = Queue(), Queue()
        self._ahead = delay  # code frames still to come that lie before the first

    def decode(self, symbols, reconstruction, lsf, gain, substitute=None):
        """Decodes whole frames.

        Args:
            symbols: int8 (F, 320).
            reconstruction: by the modules before (n,); None for the first module.
            lsf, gain: side information of the frames.
            substitute: coefficients (K, hop) in the place of those that the symbols stand for; None for these.

        Returns:
            the reconstruction by this module and those before by now, (m,); this module's completed coefficients
            (k, hop); the coefficients before, (K, hop).
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
        shared = self._module.share(reconstruction, self._conditions.pop(len(symbols)))
        t = self._module.coefficients(symbols, shared)  # in any case: the noise in it goes on
        t = t if substitute is None else substitute
        return *self._module.decode(t, shared), t


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
