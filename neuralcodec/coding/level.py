"""Quiet recordings are amplified before they are coded: what is quiet beside it, a preset takes for a pause.

Presets have learnt from speech whose level is -20 dB on average, 6 dB more or less, and spend few bits on what is
far below. So a whole recording that is quieter would get fewer bits, and sound worse once it is turned up. Its file says
by how much it was amplified, and what is decoded is as quiet as before.
"""
import math

import numpy as np

from neuralcodec.architecture.framing import SAMPLE_RATE
from neuralcodec.audio import AudioSource
from neuralcodec.bitstream.extensions import MAX_GAIN

QUIET_LEVEL = -26.0  # dB, 0 is full scale: a recording whose level is lower is brought to it
SILENT_LEVEL = -64.0  # what is quieter is noise
SHORTEST = 1.0  # seconds: of less than a word, nobody can tell how loud it is meant to be


def gain_for(source):
    """By how much a recording is amplified.

    Args:
        source: AudioSource.

    Returns:
        dB, 0 to 60; at most so much that the recording stays within full scale.

    Raises:
        AudioError: as `source.blocks()`.
    """
    if source.is_normalized or source.num_samples < SHORTEST * source.sample_rate:
        return 0
    powers, peak = source.powers()
    level = decibels(typical_power(powers))
    if level <= SILENT_LEVEL:
        return 0
    return max(0, min(round(QUIET_LEVEL - level), math.floor(-2 * decibels(peak)), MAX_GAIN))


def typical_power(powers):
    """The power that half of a recording's energy is above. Pauses, which have no energy, make no difference.

    Args:
        powers: of every 20 ms, (n,).

    Returns:
        One of the powers.
    """
    loudest_first = np.sort(powers)[::-1]
    energy = np.cumsum(loudest_first, dtype=np.float64)
    return loudest_first[np.searchsorted(energy, energy[-1] / 2)]


def at_coded_level(samples):
    """A recording as loud as it is when a preset codes it.

    Args:
        samples: int16 (n,) at 16 kHz.

    Returns:
        int16 (n,), the same array where nothing is amplified.
    """
    with AudioSource(samples, SAMPLE_RATE) as source:
        gain = gain_for(source)
    if not gain:
        return samples
    return np.clip(np.round(samples * amplification(gain)), -32768, 32767).astype(np.int16)


def decibels(power):
    """10 log10(power), of silence a very small number."""
    return 10 * math.log10(power + 1e-30)


def amplification(gain):
    """What samples are multiplied by, float32, for a gain in dB."""
    return np.float32(10 ** (gain / 20))
