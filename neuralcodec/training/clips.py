"""Training speech: a folder of recordings as random clips."""
import numpy as np

from neuralcodec.architecture.config import FRAME_SAMPLES, SAMPLE_RATE
from neuralcodec.audio.recordings import read_int16
from neuralcodec.errors import AudioError, TrainingDataError

GAINS_DB = (-6.0, 8.0)  # random gain of a clip: presets must not depend on the level of recordings
DITHER = 1e-5  # keeps digital silence out of the logarithms
LEVEL_CONTEXT = 2 * SAMPLE_RATE  # samples on either side of a clip that tell how loud the speech is
MIN_LEVEL = 1e-7  # power, -70 dB: level of a recording without speech


def readable(files, skipped):
    """Yields (path, samples) of the recordings that can be read; the others' reasons go to the dictionary `skipped`."""
    for path in files:
        try:
            yield path, read_int16(path)
        except AudioError as error:
            skipped[path] = str(error)


def load_speech(files, minimum_seconds=1.0):
    """All recordings one after another.

    Args:
        files: paths of recordings.
        minimum_seconds: least amount of speech that is worth starting with.

    Returns:
        samples: (N,) int16 at 16 kHz.
        skipped: {path: reason} of the files that could not be read.

    Raises:
        TrainingDataError: less than `minimum_seconds` could be read.
    """
    skipped = {}
    samples = np.concatenate([np.zeros(0, np.int16), *(part for _, part in readable(files, skipped))])
    if samples.size < minimum_seconds * SAMPLE_RATE:
        raise TrainingDataError(f"Only {samples.size / SAMPLE_RATE:.1f} s of speech could be read from {len(files)} "
                                f"files; at least {minimum_seconds:g} s are needed.")
    return samples, skipped


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
