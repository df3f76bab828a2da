import numpy as np
import pytest
from scipy.signal import lfilter


@pytest.fixture(scope="session")
def voice():
    """Two seconds of something like speech: pulses and noise through slowly moving resonances, (1, 32000)."""
    rng = np.random.default_rng(7)
    pulses = (np.arange(32000) % 130 == 0) * 1.0 + 0.05 * rng.standard_normal(32000)
    parts = []
    for i, block in enumerate(pulses.reshape(20, 1600)):
        resonances = [(500 + 20 * i, 80), (1500 - 15 * i, 110), (2600 + 10 * i, 150), (3600, 250)]
        poles = [np.exp(-np.pi * b / 16000 + 2j * np.pi * f / 16000) for f, b in resonances]
        a = np.real(np.poly(poles + [np.conj(p) for p in poles]))
        parts.append(lfilter([1.0], a, block))
    x = np.concatenate(parts)
    return (0.3 * x / np.max(np.abs(x))).astype("float32")[None]


@pytest.fixture(scope="session")
def hard_signals():
    """What breaks LPC analysis: (7, 6400) silence, DC, tones, full-scale clipping, a child's high pulse, an impulse."""
    t = np.arange(6400) / 16000
    rng = np.random.default_rng(3)
    impulse = np.zeros(6400)
    impulse[3000] = 1.0
    return np.stack([
        np.zeros(6400), np.full(6400, 0.5), 0.9 * np.sin(2 * np.pi * 1000 * t), 0.9 * np.sin(2 * np.pi * 7990 * t),
        np.sign(rng.standard_normal(6400)), 0.5 * (np.arange(6400) % 35 == 0), impulse,
    ]).astype("float32")
