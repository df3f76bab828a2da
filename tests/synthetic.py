"""Sound with the structure of speech, for tests that need something to learn from."""
import numpy as np
from scipy.signal import lfilter


def synthetic_speech(seconds, seed):
    """Voiced and unvoiced stretches with formants and pauses: enough structure for a toy run to learn from."""
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(int(seconds * 5)):
        n = 3200
        pitch = int(rng.integers(70, 180))
        source = (np.arange(n) % pitch == 0) * 1.0 if rng.random() < 0.7 else 0.1 * rng.standard_normal(n)
        f = rng.uniform([300, 900, 2200], [800, 2000, 3500])
        poles = np.exp(-np.pi * 100 / 16000 + 2j * np.pi * f / 16000)
        part = lfilter([1.0], np.real(np.poly(np.concatenate([poles, np.conj(poles)]))), source)
        parts.append(part / np.max(np.abs(part)) * rng.uniform(0.05, 0.5))
    return np.concatenate(parts).astype("float32")
