"""Training speech as random clips."""
import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES, SAMPLE_RATE

GAINS_DB = (-6.0, 8.0)  # random gain of a clip: presets must not depend on the level of recordings
DITHER = 1e-5  # keeps digital silence out of the logarithms
LEVEL_CONTEXT = 2 * SAMPLE_RATE  # samples on either side of a clip that tell how loud the speech is
MIN_LEVEL = 1e-7  # power, -70 dB: level of a recording without speech


class ClipSampler:
    """Endless random clips at random levels.

    Args:
        samples: (N,) int16.
        length: samples of a clip.
        batch_size: clips of a batch.
        seed: of positions, levels and dither.
    """

    def __init__(self, samples, length, batch_size, seed):
        if samples.size <= length:  # a toy data set still fills a clip
            samples = np.tile(samples, length // samples.size + 2)
        self.samples, self.length, self.batch_size = samples, length, batch_size
        self.rng = np.random.default_rng(seed)

    def batch(self):
        """Clips float32 (batch_size, length) in [-1, 1] and the level of the speech around each, (batch_size,)."""
        starts = self.rng.integers(0, self.samples.size - self.length, self.batch_size)
        clips = np.stack([self.samples[start: start + self.length] for start in starts]).astype("float32") / 32768
        level = np.array([loudness_level(self._surroundings(start)) for start in starts], "float32")
        gains = 10 ** (self.rng.uniform(*GAINS_DB, (self.batch_size, 1)) / 20)
        noise = self.rng.standard_normal(clips.shape) * DITHER
        level = np.maximum(level * gains[:, 0] ** 2, MIN_LEVEL)
        return np.clip(clips * gains + noise, -1, 1).astype("float32"), level.astype("float32")

    def _surroundings(self, start):
        return self.samples[max(0, start - LEVEL_CONTEXT): start + self.length + LEVEL_CONTEXT]

    def __iter__(self):
        while True:
            yield self.batch()


def loudness_level(samples):
    """Power of the loud parts: the power per 20 ms, averaged with itself as the weight, so that pauses do not count.

    Args:
        samples: int16 (n,), n >= 320.

    Returns:
        float, relative to full scale; about 9 dB above the mean power of read speech from 350 to 3250 Hz.
    """
    whole = samples.size // FRAME_SAMPLES * FRAME_SAMPLES
    frames = samples[:whole].reshape(-1, FRAME_SAMPLES).astype(np.float32) / 32768
    power = np.mean(np.square(frames), axis=1)
    return float(np.sum(np.square(power)) / (np.sum(power) + 1e-12))
