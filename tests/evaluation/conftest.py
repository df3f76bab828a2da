"""A signal that behaves like speech where recordings would be too large to keep."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def speech():
    """Three seconds of a synthetic voice: a gliding pulse train through three gliding formants, in syllables."""
    rng = np.random.default_rng(0)
    time = np.arange(48000) / 16000
    pitch = 120 + 25 * np.sin(2 * np.pi * 0.7 * time)
    phase = np.cumsum(pitch) / 16000
    harmonics = np.arange(1, 50)[:, None]
    level = np.zeros((49, 48000))
    for centre, width, swing in ((600, 120, 200), (1400, 160, 400), (2700, 250, 300)):
        formant = centre + swing * np.sin(2 * np.pi * 1.3 * time + centre)
        level += 1 / (1 + ((harmonics * pitch - formant) / width) ** 2)
    voice = (level * np.sin(2 * np.pi * harmonics * phase)).sum(0)
    syllables = np.clip(np.sin(2 * np.pi * 2.5 * time) + 0.3, 0, None)
    samples = voice * syllables + 0.02 * rng.standard_normal(48000)
    return (0.5 * samples / np.abs(samples).max()).astype(np.float32)
