"""A stretch of a recording: from which sample to which, and what of the coded audio it is made of."""

import math
import numbers
from dataclasses import dataclass, replace

from neuralcodec.architecture.framing import SAMPLE_RATE
from neuralcodec.audio.resampling import filter_reach
from neuralcodec.errors import StretchError, TooLongError

MAX_SECONDS = 3600.0  # what is decoded to memory unless more is asked for

_HIGH_RATE = 48000  # above it, samples are what counts, not seconds


@dataclass(frozen=True)
class Stretch:
    """Samples `first` to `last` (exclusive) of a recording of `num_samples_16k` coded samples, at a rate in Hz.

    Args:
        rate: of the samples, Hz.
        first, last: numbers of samples at that rate.
        num_samples_16k: length of the whole coded audio.
    """

    rate: int
    first: int
    last: int
    num_samples_16k: int

    def __len__(self):
        return self.last - self.first

    @property
    def span_16k(self):
        """(first, last) sample at 16 kHz out of which the stretch is made, with what the resampling filter sees.

        The first is a whole number of samples at the stretch's own rate, too, so that every sample falls on the same
        place as in the whole recording.
        """
        if self.rate == SAMPLE_RATE:
            return self.first, self.last
        reach = filter_reach(SAMPLE_RATE, self.rate)
        unit = SAMPLE_RATE // math.gcd(SAMPLE_RATE, self.rate)
        first = max(0, self.first * SAMPLE_RATE // self.rate - reach) // unit * unit
        last = -(-self.last * SAMPLE_RATE // self.rate) + reach
        return first, max(first, min(last, self.num_samples_16k))

    def until(self, count):
        """The first samples of the stretch, at most so many."""
        return replace(self, last=min(self.first + count, self.last))

    @property
    def skip(self):
        """How many samples at the stretch's rate come before its first one, if made of `span_16k`."""
        return self.first - self.span_16k[0] * self.rate // SAMPLE_RATE


def find_stretch(header, native=False, start=None, stop=None):
    """A stretch of the recording of a file.

    Args:
        header: Header of the file.
        native: at the codec's 16 kHz instead of the recording's own rate.
        start, stop: seconds; None for the beginning and the end. A later stop is the end.

    Returns:
        Stretch.

    Raises:
        StretchError: a start after the end, a stop before the start, or no numbers.
    """
    rate, length = header.sample_rate, header.num_samples
    if native:
        rate, length = SAMPLE_RATE, header.num_samples_16k
    first = 0 if start is None else _place("start", start, rate)
    last = length if stop is None else min(_place("stop", stop, rate), length)
    if first > length:
        raise StretchError(f"The recording ends at {length / rate:.3f} s, before the start at {start:g} s; start "
                           "earlier.")
    if last < first:
        raise StretchError(f"The stop at {stop:g} s lies before the start at {start:g} s; stop later.")
    return Stretch(rate, first, last, header.num_samples_16k)


def _place(name, seconds, rate):
    """Number of the sample at a time."""
    if not isinstance(seconds, numbers.Real) or isinstance(seconds, bool) or not 0 <= seconds < math.inf:
        raise StretchError(f"`{name}` must be a number of seconds from 0 on, not {seconds!r}.")
    return round(float(seconds) * rate)


def within(stretch, num_samples_16k):
    """What lies in the first so many samples at 16 kHz of a stretch.

    Returns:
        Stretch.
    """
    end = num_samples_16k * stretch.rate // SAMPLE_RATE
    return replace(stretch, first=min(stretch.first, end), last=min(stretch.last, end))


def check_length(stretch, max_seconds, advice):
    """Makes sure that a stretch is no longer than wanted: a small file can announce a recording of any length.

    Above 48 kHz a second counts as more than one, in proportion: it needs as much more room.

    Args:
        stretch: Stretch.
        max_seconds: a number, or None for any length.
        advice: what to do about it, the end of a sentence.

    Raises:
        TooLongError: it is longer.
        StretchError: that is no number.
    """
    if max_seconds is None:
        return
    _place("max_seconds", max_seconds, 1)
    allowed = max_seconds * min(1, _HIGH_RATE / stretch.rate)
    if len(stretch) > allowed * stretch.rate:
        raise TooLongError(f"The recording has {len(stretch) / stretch.rate:.1f} s at {stretch.rate} Hz, and at most "
                           f"{allowed:.1f} s are allowed; {advice}.")
