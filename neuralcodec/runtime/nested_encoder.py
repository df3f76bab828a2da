"""From samples to the frames of a nested cascade, in pieces of any length. A frame depends on no sample after it."""

import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES
from neuralcodec.architecture.layout import MODULE_SYMBOLS, nested_encoder_layout
from neuralcodec.architecture.lpc import GAINS, ORDER
from neuralcodec.architecture.nested import NestedConfig
from neuralcodec.architecture.transform import lapped_basis
from neuralcodec.bitstream.frames import Frames
from neuralcodec.bitstream.nested_payload import refinement
from neuralcodec.bitstream.symbols import FRAMES_PER_BLOCK, STEPS_PER_OCTAVE
from neuralcodec.runtime.cnn import Correction
from neuralcodec.runtime.embedded_quantizer import EmbeddedQuantizer, StepSizes
from neuralcodec.runtime.encoder import FLUSH, Encoder
from neuralcodec.runtime.lpc import Analysis, AnalysisFilter
from neuralcodec.runtime.side import GainContour, LsfContour, LsfQuantizer, SideCondition, code_gain
from neuralcodec.runtime.transform import Transform


def make_encoder(config, weights, step_index=0):
    """The streaming encoder of a cascade of either kind; arguments as for `NestedEncoder`."""
    return (NestedEncoder if isinstance(config, NestedConfig) else Encoder)(config, weights, step_index)


class NestedEncoder:
    """Streaming encoder: `push` samples as they come, `finish` after the last one.

    n samples become ceil(n / 320) + 2 frames in all, the last two of which flush the cascade; 0 samples become none.

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
        self._modules, self._has_lpc = len(config.modules), config.lpc != "none"
        self._analysis, self._analysis_filter = Analysis(), AnalysisFilter()
        self._lsf_quantizer = LsfQuantizer(weights, self._has_lpc)
        self._lsf_contour, self._gain_contour = LsfContour(self._lsf_quantizer), GainContour()
        self._side_condition, self._transform = SideCondition(config.hop), Transform(lapped_basis(config.hop))
        self._encoder = Correction(weights, "encoder", nested_encoder_layout(config))
        self._step_sizes = StepSizes(weights, 2 ** (step_index / STEPS_PER_OCTAVE))
        self._quantizer = EmbeddedQuantizer(weights, config)
        self._samples = np.zeros(0, np.float32)  # less than a frame
        self._started = False

    def push(self, samples):
        """Encodes the next samples.

        Args:
            samples: float32 (n,) in [-1, 1], finite; any n.

        Returns:
            Frames, as many as the samples complete.
        """
        self._started = self._started or len(samples) > 0
        samples = np.concatenate([self._samples, np.asarray(samples, np.float32)])
        whole = len(samples) // FRAME_SAMPLES * FRAME_SAMPLES
        self._samples = samples[whole:]
        size = FRAMES_PER_BLOCK * FRAME_SAMPLES  # a second at a time stays in the processor's cache
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
        modules = [np.zeros((0, MODULE_SYMBOLS), np.int8)] * self._modules
        return Frames(np.zeros((0, ORDER), np.int8), np.zeros((0, GAINS), np.int8), modules)

    def _encode(self, x):
        """Samples of whole frames (320 F,) -> Frames."""
        lsf_symbols = np.zeros((len(x) // FRAME_SAMPLES, ORDER), np.int64)
        if self._has_lpc:
            _, lsf = self._analysis(x)
            lsf_symbols = self._lsf_quantizer.quantise(lsf)
        predictors, lsf = self._lsf_contour(self._lsf_quantizer.reconstruct(lsf_symbols))
        residual = self._analysis_filter(x, predictors) if self._has_lpc else x
        gain = code_gain(residual)
        condition = self._side_condition(lsf, gain)
        t = self._transform(residual / self._gain_contour(gain))  # (K, N)
        z = (t + self._encoder(t, condition)) / self._step_sizes(condition)
        return Frames(lsf_symbols, gain.reshape(-1, GAINS), self._sent(z))

    def _sent(self, z):
        """Values in steps (K, N) -> what each module sends, list of (F, 320)."""
        lower, sent = None, []
        for number in range(self._modules):
            symbols = self._quantizer.quantise(z, number)
            sent.append((symbols if lower is None else refinement(lower, symbols)).reshape(-1, MODULE_SYMBOLS))
            lower = symbols
        return sent
