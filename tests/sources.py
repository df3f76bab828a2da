"""What an AudioSource delivers, and noise for it to read."""

import numpy as np


def read_all(source, **arguments):
    return np.concatenate([np.zeros(0, np.float32), *source.blocks(**arguments)])


def noise(num_samples, channels=1, seed=0):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (num_samples, channels)).astype(np.float32)
