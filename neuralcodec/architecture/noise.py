"""The noise in the place of what is not coded: far too long to be heard as a pattern. Knows no Keras."""
import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES, SAMPLE_RATE

BAND_HZ = 500  # width of the bands in which the decoder adds noise
BANDS = SAMPLE_RATE // 2 // BAND_HZ
MAX_NOISE_LEVEL = 2.0  # RMS relative to the gain
FIRST_NOISE_LOGIT = -3.0  # where training starts: the level is the maximum times the sigmoid of a logit
POWER_FLOOR = 1e-4  # relative to the gain: power of a band below which nothing counts

NOISE_PERIOD = 64  # frames, 1.28 s, then it begins again
# A RandomState's stream never changes between versions of NumPy, unlike that of its successor.
NOISE = np.random.RandomState(1).uniform(-1, 1, NOISE_PERIOD * FRAME_SAMPLES).astype(np.float32)
NOISE_BESIDE = np.sqrt(np.float32(3)) * NOISE[::-1]  # RMS of 1; backwards, it is not what the first module was given
