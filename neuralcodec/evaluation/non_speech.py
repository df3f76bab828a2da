"""What a speech codec does to sound that is not speech: measured on signals that anyone can make again."""

import numpy as np

from neuralcodec.audio import SAMPLE_RATE
from neuralcodec.coding.file import decode, encode
from neuralcodec.evaluation.metrics import score

SECONDS = 10
_LEVEL = 0.1  # RMS of full scale, as of read speech


def off_speech(preset):
    """Codes and decodes white noise and struck chords.

    Args:
        preset: Preset.

    Returns:
        dict of the sound's name -> {"kbps": of its file, "si_sdr": in dB}.

    Example:
        >>> off_speech(load_preset("cq-24k"))["white noise"]["si_sdr"]
        2.1
    """
    return {name: _measure(preset, sound()) for name, sound in (("white noise", _noise), ("struck chords", _chords))}


def _measure(preset, samples):
    samples = (_LEVEL * samples / samples.std()).astype(np.float32)
    data = encode(preset, samples, SAMPLE_RATE)
    decoded, _ = decode(preset, data)
    return {"kbps": len(data) * 8 / SECONDS / 1000, **score(samples, decoded, ["si_sdr"])}


def _noise():
    return np.random.default_rng(0).standard_normal(SECONDS * SAMPLE_RATE)


def _chords():
    """Two a second, of three tones with five harmonics each, that die away like a piano's."""
    roots = 110 * 2 ** (np.array([0, 5, 7, 3, 10, 8, 2, 0]) / 12)  # Hz
    time = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    chords = []
    for beat in range(2 * SECONDS):
        tones = roots[beat % len(roots)] * np.array([1, 5 / 4, 3 / 2])
        partials = (tones[:, None] * np.arange(1, 6)).ravel()[:, None]  # (15, 1)
        chords.append((np.sin(2 * np.pi * partials * time) * tones.min() / partials).sum(0) * np.exp(-4 * time))
    return np.concatenate(chords)
