"""The noise in the place of what is not coded: far too long to be heard as a pattern. Knows no Keras."""
import numpy as np

from neuralcodec.architecture.config import FRAME_SAMPLES

NOISE_PERIOD = 64  # frames, 1.28 s, then it begins again
# A RandomState's stream never changes between versions of NumPy, unlike that of its successor.
NOISE = np.random.RandomState(1).uniform(-1, 1, NOISE_PERIOD * FRAME_SAMPLES).astype(np.float32)
NOISE_BESIDE = np.sqrt(np.float32(3)) * NOISE[::-1]  # RMS of 1; backwards, it is not what the first module was given
