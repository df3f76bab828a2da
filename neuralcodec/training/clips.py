"""Random clips of the training speech: where they start, how loud they get, and how loud the speech around them is."""
import itertools

import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES

GAINS_DB = (-6.0, 8.0)  # random gain of a clip: presets must not depend on the level of recordings
MIN_LEVEL = 1e-7  # power, -70 dB: level of a recording without speech


class ClipSampler:
    """Endless random clips at random levels. They are cut where the speech is, on the device.

    What a step gets depends on the seed and on the number of the step alone: a run that goes on from a checkpoint gets
    what it would have got without an interruption.

    Args:
        speech: the TrainingSpeech.
        batch_size: clips of a batch.
        seed: an integer, or a tuple of some.
        shares: how probable it is that a clip is decoded with 1, 2, ... modules; empty where all decode it.
    """

    def __init__(self, speech, batch_size, seed, shares=()):
        self.speech, self.batch_size = speech, batch_size
        self.seed = seed if isinstance(seed, tuple) else (seed,)
        self.shares = np.array(shares) / sum(shares) if shares else None

    def batch(self, step):
        """The batch of a step.

        Returns:
            places (batch_size, 2) int32, the frame and the sample in it where each clip starts; gains (batch_size,);
            levels (batch_size,), the power of the speech around each clip after its gain; and where there are shares,
            prefixes (batch_size,) int32, how many modules decode each.
        """
        rng = np.random.default_rng((*self.seed, step))
        frames, offsets = np.divmod(rng.integers(0, self.speech.starts, self.batch_size), FRAME_SAMPLES)
        gains = 10 ** (rng.uniform(*GAINS_DB, self.batch_size) / 20)
        levels = np.maximum(self.speech.levels[frames] * gains ** 2, MIN_LEVEL)
        batch = np.stack([frames, offsets], axis=1).astype("int32"), gains.astype("float32"), levels.astype("float32")
        if self.shares is None:
            return batch
        return *batch, 1 + rng.choice(len(self.shares), self.batch_size, p=self.shares).astype("int32")

    def batches(self, step=0):
        """Yields (batch,) of this step and those after it, without end, as Keras wants it: there is no target."""
        for number in itertools.count(step):
            yield (self.batch(number),)
