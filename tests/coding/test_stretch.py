"""Stretches of a recording, and how long one may be."""

import dataclasses

import numpy as np
import pytest

from neuralcodec.bitstream.header import Header
from neuralcodec.coding.stretch import MAX_SECONDS, check_length, find_stretch
from neuralcodec.errors import StretchError, TooLongError

HEADER = Header("test", b"8 bytes!", 44100, 441_000, 160_000, 1)  # ten seconds


def of_rate(rate, seconds=10):
    return dataclasses.replace(HEADER, sample_rate=rate, num_samples=rate * seconds, num_samples_16k=16000 * seconds)


@pytest.mark.parametrize("start, stop, expected", [
    (None, None, (0, 441_000)), (0, 10, (0, 441_000)), (1.5, 2, (66_150, 88_200)), (None, 1, (0, 44_100)),
    (9, None, (396_900, 441_000)), (9, 99, (396_900, 441_000)), (3, 3, (132_300, 132_300)), (10, None, (441_000,) * 2),
    (np.float32(0.5), np.int64(1), (22_050, 44_100)),
])
def test_seconds_become_samples(start, stop, expected):
    stretch = find_stretch(HEADER, False, start, stop)
    assert (stretch.first, stretch.last, stretch.rate) == (*expected, 44100) and len(stretch) == np.diff(expected)[0]


@pytest.mark.parametrize("start, stop, message", [
    (10.1, None, "ends at 10.000 s, before the start at 10.1 s"), (2, 1, "stop at 1 s lies before"),
    (-1, None, "`start` must be"), (None, -0.1, "`stop` must be"), (float("nan"), None, "not nan"),
    (None, float("inf"), "not inf"), ("1", None, "not '1'"), (True, None, "not True"),
])
def test_stretches_that_there_are_not(start, stop, message):
    with pytest.raises(StretchError, match=message):
        find_stretch(HEADER, False, start, stop)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 44101, 48000, 768000, 7])
@pytest.mark.parametrize("start, stop", [(0, 10), (3.21, 3.3), (9.99, 10)])
def test_the_coded_audio_has_what_the_stretch_is_made_of(rate, start, stop):
    stretch = find_stretch(of_rate(rate), False, start, stop)
    first, last = stretch.span_16k
    assert 0 <= first * rate <= stretch.first * 16000 and first * rate % 16000 == 0
    assert last == 160_000 or last * rate >= stretch.last * 16000
    assert first * rate // 16000 + stretch.skip == stretch.first
    if 8000 <= rate <= 48000 and rate != 44101:  # little more than that
        assert last - first < (stop - start) * 16000 + 3000


def test_lengths():
    check_length(find_stretch(of_rate(16000)), 10, "advice")
    check_length(find_stretch(of_rate(768000, 1000)), None, "advice")
    for header, allowed, message in ((of_rate(16000), 9.9, "has 10.0 s at 16000 Hz, and at most 9.9 s"),
                                     (of_rate(96000), 10, "at most 5.0 s are allowed; advice"),
                                     (of_rate(48000, 3601), MAX_SECONDS, "at most 3600.0 s")):
        with pytest.raises(TooLongError, match=message):
            check_length(find_stretch(header), allowed, "advice")
    check_length(find_stretch(of_rate(768000, 3600), stop=2), 60, "advice")
    with pytest.raises(StretchError, match="`max_seconds` must be"):
        check_length(find_stretch(HEADER), -1, "advice")
