"""From samples to frames, in pieces of any length.

A frame depends on no sample after its own 20 ms. A module that waits for the modules before it sends its code frames
`code_frame_delays` late; all-zero ones, which mean nothing, make up for them at the start.
"""

import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES, MAX_DELAY, SUBFRAME
from neuralcodec.architecture.layout import MODULE_SYMBOLS
from neuralcodec.architecture.lpc import GAINS, ORDER
from neuralcodec.bitstream.frames import Frames
from neuralcodec.bitstream.symbols import STEPS_PER_OCTAVE
from neuralcodec.runtime import lpc
from neuralcodec.runtime.layers import FRAMES_AT_ONCE, Queue, SteadyProduct, checked, distrusted
from neuralcodec.runtime.module import ResidualModule
from neuralcodec.runtime.side import GainContour, LsfContour, LsfQuantizer, SideCondition, code_gain

FLUSH = MAX_DELAY - FRAME_SAMPLES  # samples of silence after the end: no cascade decodes later than this


class StreamingEncoder:
    """What encoders of both kinds of cascades share: pieces of any length, the LPC stage and gains.

    n samples become ceil(n / 320) + 2 frames in all, the last two of which flush the cascade; 0 samples become none.
    However they are cut, the frames are the same: all is computed frame by frame, and where a product of matrices would
    round otherwise for other pieces, it is a `SteadyProduct` or in float64.

    Args:
        config: CascadeConfig or NestedConfig.
        weights: dict of name -> float32 array, checked by `check_weights`.
    """

    def __init__(self, config, weights):
        self._num_modules, self._has_lpc = len(config.modules), config.lpc != "none"
        self._analysis, self._analysis_filter = lpc.Analysis(), lpc.AnalysisFilter()
        self._lsf_quantizer = LsfQuantizer(weights, self._has_lpc)
        self._lsf_contour, self._gain_contour = LsfContour(self._lsf_quantizer), GainContour()
        self._samples = np.zeros(0, np.float32)  # less than a frame
        self._started = False

    def push(self, samples):
        """Encodes the next samples.

        Args:
            samples: float32 (n,) in [-1, 1], finite; any n.

        Returns:
            Frames, as many as the samples complete.

        Raises:
            PresetError: the weights make NaN.
        """
        self._started = self._started or len(samples) > 0
        samples = np.concatenate([self._samples, np.asarray(samples, np.float32)])
        whole = len(samples) // FRAME_SAMPLES * FRAME_SAMPLES
        self._samples = samples[whole:]
        size = FRAMES_AT_ONCE * FRAME_SAMPLES
        with distrusted():
            parts = [self._encode(samples[start: min(start + size, whole)]) for start in range(0, whole, size)]
        return Frames.concatenate(parts) if parts else self._no_frames()

    def finish(self):
        """Encodes the end: silence fills the last frame up and flushes the cascade. Nothing can be pushed afterwards.

        Returns:
            Frames, the last ones; none if there was no sample at all.
        """
        if not self._started:
            return self._no_frames()
        return self.push(np.zeros(-len(self._samples) % FRAME_SAMPLES + FLUSH, np.float32))

    def _no_frames(self):
        modules = [np.zeros((0, MODULE_SYMBOLS), np.int8)] * self._num_modules
        return Frames(np.zeros((0, ORDER), np.int8), np.zeros((0, GAINS), np.int8), modules)

    def _encode(self, x):
        """Samples of whole frames (320 F,) -> Frames."""
        lsf_symbols = np.zeros((len(x) // FRAME_SAMPLES, ORDER), np.int64)
        if self._has_lpc:
            _, lsf = self._analysis(x)
            lsf_symbols = self._lsf_quantizer.quantise(lsf)
        predictors, lsf = self._lsf_contour(self._lsf_quantizer.reconstruct(lsf_symbols))
        residual = self._analysis_filter(x, predictors) if self._has_lpc else x
        gain = code_gain(checked(residual))
        modules = self._code(residual / self._gain_contour(gain), lsf, gain)
        modules = [symbols.reshape(-1, MODULE_SYMBOLS) for symbols in modules]
        return Frames(lsf_symbols, gain.reshape(-1, GAINS), modules)

    def _code(self, target, lsf, gain):
        """What the modules send.

        Args:
            target: (320 F,), what the LPC stage and the gains have left over.
            lsf: normalised LSFs (S, 16).
            gain: gain symbols (G,).

        Returns:
            list of the symbols of each module, 320 F of them.
        """
        raise NotImplementedError


class Encoder(StreamingEncoder):
    """Streaming encoder of a cascade: `push` samples as they come, `finish` after the last one.

    Args:
        config: CascadeConfig.
        weights: dict of name -> float32 array, checked by `check_weights`.
        step_index: all step sizes are scaled by 2^(step_index / 256).

    Example:
        >>> encoder = Encoder(config, weights)
        >>> frames = [encoder.push(samples) for samples in source] + [encoder.finish()]
        >>> frames = Frames.concatenate(frames)
    """

    def __init__(self, config, weights, step_index=0):
        super().__init__(config, weights)
        last = len(config.modules) - 1
        self._stages = [
            _Stage(module, weights, number, delay, 2 ** (step_index / STEPS_PER_OCTAVE), number == last)
            for number, (module, delay) in enumerate(zip(config.modules, config.code_frame_delays, strict=True))
        ]

    def _code(self, target, lsf, gain):
        reconstruction, modules = None, []
        for stage in self._stages:
            symbols, reconstruction = stage.encode(target, reconstruction, lsf, gain)
            modules.append(symbols)
        return modules


class _Stage:
    """A module inside the encoder, with the queues that bring together what belongs to the same time."""

    def __init__(self, config, weights, number, delay, step_scale, last):
        self._module = ResidualModule(weights, config, number, step_scale, product=SteadyProduct, late=delay)
        self._side_condition = SideCondition(config.hop)
        self._target, self._reconstruction, self._conditions = Queue(), Queue(), Queue()
        self._symbols = Queue()
        self._symbols.push(np.zeros((delay, config.hop), np.int64))
        self._last = last

    def encode(self, target, reconstruction, lsf, gain):
        """Encodes whole frames.

        Args:
            target: (320 F,) what the cascade codes.
            reconstruction: by the modules before, (n,), late by as much as these wait; None for the first module.
            lsf, gain: side information of the frames.

        Returns:
            symbols (320 F / hop, hop) as packed, and the reconstruction by this module and those before by now.
        """
        hop = self._module.hop
        self._target.push(target)
        self._reconstruction.push(target if reconstruction is None else reconstruction)
        self._conditions.push(self._side_condition(lsf, gain))
        count = len(self._reconstruction) // hop
        target, decoded = self._target.pop(count * hop), self._reconstruction.pop(count * hop)
        if reconstruction is None:
            shared, residual = self._module.share(None, self._conditions.pop(count)), target
        else:
            shared, residual = self._module.share(decoded, self._conditions.pop(count)), target - decoded
        symbols = self._module.encode(residual, shared)
        self._symbols.push(symbols)
        # What the last module decodes to concerns no other module.
        reconstruction = None
        if not self._last:
            reconstruction, _ = self._module.decode(self._module.coefficients(symbols, shared), shared)
        return self._symbols.pop(len(lsf) * SUBFRAME // hop), reconstruction
