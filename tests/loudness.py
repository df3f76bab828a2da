"""How loud speech is, computed as the words say it: a second implementation of `speech.levels_around`."""
import numpy as np


def loudness_level(samples):
    """Power of the loud parts of int16 (n,): the power per 20 ms, averaged with itself as the weight."""
    frames = samples[: samples.size // 320 * 320].reshape(-1, 320) / 32768
    power = np.mean(np.square(frames), axis=1)
    return np.sum(np.square(power)) / (np.sum(power) + 1e-12)
