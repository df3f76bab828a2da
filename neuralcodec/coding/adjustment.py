"""Recordings that a preset would code badly as they are: quiet ones, and those with an offset.

Presets have learnt from speech whose level is -20 dB on average, 6 dB more or less, and spend few bits on what is far
below: they take it for a pause. So a whole recording that is quieter would get fewer bits, and sound worse once it is
turned up. It is amplified before it is coded; its file says by how much, and what is decoded is as quiet as before.

An offset (DC), which nobody hears and some sound cards add, looks like a strong, low tone, on which LSFs and bits are
wasted. It is taken away.
"""
import math
from typing import NamedTuple

import numpy as np

from neuralcodec.architecture.framing import SAMPLE_RATE
from neuralcodec.audio import AudioSource
from neuralcodec.bitstream.extensions import MAX_GAIN

QUIET_LEVEL = -26.0  # dB, 0 is full scale: a recording whose level is lower is brought to it
SILENT_LEVEL = -64.0  # what is quieter is noise
SHORTEST = 1.0  # seconds: of less than a word, nobody can tell how loud it is meant to be
SMALL_OFFSET = 1e-3  # of the power of the speech, -30 dB: does no harm


class Adjustment(NamedTuple):
    """What is done to the samples of a recording before they are coded.

    Args:
        offset: is taken away from them.
        gain: dB, 0 to 60, by which they are amplified then.
    """

    offset: float = 0.0
    gain: int = 0

    def __call__(self, samples):
        """float32 (n,) -> float32 (n,)"""
        return (samples - np.float32(self.offset)) * amplification(self.gain)


def adjustment_for(source):
    """What has to be done to a recording.

    Args:
        source: AudioSource.

    Returns:
        Adjustment; of gain at most so much that the recording stays within full scale.

    Raises:
        AudioError: as `source.blocks()`.
    """
    if source.num_samples < SHORTEST * source.sample_rate:
        return Adjustment()
    powers, means, lowest, highest = source.statistics()
    power, offset = typical_power(np.maximum(powers - means ** 2, 0)), float(means.mean(dtype=np.float64))
    if offset ** 2 <= SMALL_OFFSET * power:
        offset = 0.0
    if source.is_normalized or decibels(power) <= SILENT_LEVEL:
        return Adjustment(offset)
    room = math.floor(-2 * decibels(max(highest - offset, offset - lowest)))
    return Adjustment(offset, max(0, min(round(QUIET_LEVEL - decibels(power)), room, MAX_GAIN)))


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


def adjusted(samples):
    """A recording as it is when a preset codes it.

    Args:
        samples: int16 (n,) at 16 kHz.

    Returns:
        int16 (n,), the same array where nothing is to be done.
    """
    with AudioSource(samples, SAMPLE_RATE) as source:
        adjustment = adjustment_for(source)
    if adjustment == Adjustment():
        return samples
    scaled = adjustment(samples.astype(np.float32) / 32768) * 32768
    return np.clip(np.round(scaled), -32768, 32767).astype(np.int16)


def decibels(power):
    """10 log10(power), of silence a very small number."""
    return 10 * math.log10(power + 1e-30)


def amplification(gain):
    """What samples are multiplied by, float32, for a gain in dB."""
    return np.float32(10 ** (gain / 20))
