"""The numbers of the LPC stage and of gains, for the trained model and the runtime alike. Knows no Keras."""
import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES, GAIN_FRAME, SAMPLE_RATE

ORDER = 16
HALF = ORDER // 2
GRID = 1024  # cells between 0 and pi in which LSFs are looked for
MIN_GAP = 0.025  # radians between neighbouring LSFs (64 Hz): keeps 1/A(z) stable and its resonances finite
HIGHEST = (np.pi - MIN_GAP * np.arange(ORDER, 0, -1)).astype("float32")  # leaves room for the LSFs above

# 30 ms window over the 10 ms before a frame and the frame itself, with its peak in the frame's middle: no look-ahead.
WINDOW = np.concatenate([np.sin(np.pi * (np.arange(320) + 0.5) / 640) ** 2,
                         np.cos(np.pi * (np.arange(160) + 0.5) / 320) ** 2]).astype("float32")
PAST = WINDOW.size - FRAME_SAMPLES  # samples before a frame that its analysis sees
LAG_WINDOW = np.exp(-0.5 * (2 * np.pi * 60 / SAMPLE_RATE * np.arange(ORDER + 1)) ** 2).astype("float32")  # 60 Hz
LAG_WINDOW[0] = 1.0001  # white-noise correction, -40 dB
SILENCE = 1e-6  # energy added to lag 0, so that digital silence has a (flat) predictor
EXPANSION = (0.998 ** np.arange(ORDER + 1)).astype("float32")  # 10 Hz of bandwidth keep close LSFs apart
UNIFORM = (np.arange(1, ORDER + 1) * np.pi / (ORDER + 1)).astype("float32")  # LSFs of a flat spectrum
COSINES = np.cos(np.outer(np.arange(HALF + 1), np.linspace(0, np.pi, GRID + 1))).astype("float32")
SPREAD = (0, 7, 3, 5, 1, 6, 2, 4)  # order of factors in a product: far ones first, which saves two digits in float32
INTERPOLATION = (0.625, 0.875, 1.0, 1.0)  # weight of this frame's LSFs in its four sub-frames
MAX_OUTPUT = 100.0  # where the runtime cuts 1/A(z) off: no speech comes near, but a damaged file may

GAINS = FRAME_SAMPLES // GAIN_FRAME  # per frame
GAIN_STEPS_PER_OCTAVE = 2  # steps of 3 dB
GAIN_OFFSET = 16  # puts the gain of quiet speech near symbol 0
GAIN_FLOOR = 1e-4
MAX_RISE = 2.0  # log2 of a gain: a ramp starts at most 12 dB below its end, lest onsets after silence overload
GAIN_MEAN, GAIN_SPREAD = 2.0, 6.0  # of gain symbols of speech, by which networks see them normalised
