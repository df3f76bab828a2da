"""Rate conversion that keeps time: aligned with its input and exact in length."""

import numpy as np

_REACH = 512  # samples, at the lower rate, to each side: more than the filters of soxr's high quality see
PIECE = 1 << 18  # samples held at once, whatever the rate and the number of channels


def resampled_length(length, from_rate, to_rate):
    """How many samples `length` samples become at another rate: ceil(length * to_rate / from_rate), in integers."""
    return -(-length * to_rate // from_rate)


def resample(samples, from_rate, to_rate):
    """Resample an array, time aligned and of exact length.

    Args:
        samples: float array (n,).
        from_rate, to_rate: sample rates in Hz.

    Returns:
        float32 array (ceil(n * to_rate / from_rate),).

    Example:
        >>> resample(np.zeros(441), 44100, 16000).shape
        (160,)
    """
    samples = np.asarray(samples, np.float32)
    length = resampled_length(len(samples), from_rate, to_rate)
    pieces = exactly(Resampler(from_rate, to_rate).run([samples]), length)
    return np.concatenate([np.zeros(0, np.float32), *pieces])


class Resampler:
    """Rate conversion of a stream (soxr, high quality), aligned in time: the filter's delay is taken out."""

    def __init__(self, from_rate, to_rate):
        self._stream = None
        if from_rate != to_rate:
            import soxr  # most speech comes at 16 kHz already

            self._stream = soxr.ResampleStream(from_rate, to_rate, 1, dtype="float32", quality="HQ")
        self._largest = max(1, min(PIECE, PIECE * from_rate // to_rate))  # bounds what comes out at once

    def push(self, samples):
        """Yield what is complete so far."""
        if self._stream is None:
            yield samples
            return
        for start in range(0, len(samples), self._largest):
            yield self._stream.resample_chunk(np.ascontiguousarray(samples[start:start + self._largest]))

    def finish(self):
        """Yield what was still held back."""
        if self._stream is not None:
            yield self._stream.resample_chunk(np.zeros(0, np.float32), last=True)

    def run(self, pieces):
        for piece in pieces:
            yield from self.push(piece)
        yield from self.finish()


def filter_reach(from_rate, to_rate):
    """How many samples at `from_rate`, before and after, have a part in a resampled one, generously."""
    return max(_REACH, -(-_REACH * from_rate // to_rate))


def skipping(pieces, count):
    """A stream of arrays without its first `count` samples."""
    for piece in pieces:
        skipped = min(count, len(piece))
        count -= skipped
        yield piece[skipped:]


def exactly(pieces, length):
    """Cut or zero-pad a stream of arrays to `length` samples in all."""
    left = length
    for piece in pieces:
        piece = piece[:left]
        left -= len(piece)
        yield piece
    while left:
        yield np.zeros(min(left, PIECE), np.float32)
        left -= min(left, PIECE)
