"""Training speech on the device, from which clips are cut there."""
import keras
import numpy as np
from keras import ops

from neuralcodec.architecture.framing import FRAME_SAMPLES, SAMPLE_RATE

DITHER = 1e-5  # keeps digital silence out of the logarithms
CONTEXT_FRAMES = 2 * SAMPLE_RATE // FRAME_SAMPLES  # on either side of a clip that tell how loud the speech is


class TrainingSpeech(keras.layers.Layer):
    """The speech of a run: it lies on the device once, and only the places of clips are sent there.

    Args:
        samples: (N,) int16, all recordings one after another: 115 MB an hour.
        frames: frames of a clip.

    Attributes:
        starts: how many samples there are where a clip can start.
        levels: (N // 320,), level of the speech around a clip that starts in a frame, see `levels_around`.

    Example:
        >>> speech = TrainingSpeech(samples, frames=30)
        >>> speech(np.array([[100, 7]]), np.array([1.0]))  # from sample 100 * 320 + 7 on
    """

    def __init__(self, samples, frames):
        super().__init__(trainable=False, name="speech")
        least = (frames + 1) * FRAME_SAMPLES
        samples = np.resize(samples, max(least, samples.size))  # a toy data set still fills a clip
        whole = samples[: samples.size // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
        self.frames, self.starts = frames, whole.size - frames * FRAME_SAMPLES
        self.levels = levels_around(whole, frames)
        self.dither = np.float32(DITHER * np.random.default_rng(0).standard_normal(least))
        self.samples = self.add_weight(shape=whole.shape, dtype="int16", trainable=False, name="samples",
                                       initializer=lambda *_, **__: whole)
        self.built = True

    def call(self, places, gains):
        """Cuts clips.

        Args:
            places: (B, 2) integers, the frame and the sample in it where each starts.
            gains: (B,).

        Returns:
            (B, 320 * frames) in [-1, 1].
        """
        samples = self._at(places[:, :1] + np.arange(self.frames + 1, dtype="int32"))
        samples = ops.cast(ops.reshape(samples, (-1, self.dither.size)), "float32") / 32768 + self.dither
        clips = ops.take_along_axis(samples, places[:, 1:] + np.arange(self.frames * FRAME_SAMPLES, dtype="int32"),
                                    axis=1)
        return ops.clip(clips * gains[:, None], -1, 1)

    def _at(self, frames):
        if keras.backend.backend() != "tensorflow":
            return ops.take(self.samples, frames, axis=0)
        import tensorflow as tf

        return tf.gather(self.samples.value, frames)  # `ops.take` reads all of it, and has no kernel for it on a GPU


def levels_around(frames, length):
    """How loud the speech around each clip is: the power of the loud parts of it and of two seconds on either side.

    That is the power per 20 ms, averaged with itself as the weight, so that pauses do not count.

    Args:
        frames: int16 (N, 320).
        length: frames of a clip.

    Returns:
        (N,) of the clips that start in each frame, relative to full scale; about 9 dB above the mean power of read
        speech from 350 to 3250 Hz.
    """
    power = np.einsum("ij,ij->i", frames, frames, dtype="float64") / FRAME_SAMPLES / 32768 ** 2
    window, first = np.ones(length + 2 * CONTEXT_FRAMES), length + CONTEXT_FRAMES - 1
    weighted, sums = (np.convolve(values, window)[first: first + power.size] for values in (power ** 2, power))
    return weighted / (sums + 1e-12)
