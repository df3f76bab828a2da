"""FLAC files: the length in their header against their last frame."""

import io
import struct

import numpy as np
import pytest
import soundfile

from neuralcodec.audio import AudioSource
from neuralcodec.audio.flac import examine
from neuralcodec.audio.window import Window
from neuralcodec.errors import AudioError

SAMPLES = np.random.default_rng(0).integers(-9000, 9000, 50000).astype(np.int16)
ID3 = b"ID3\3\0\0\0\0\2\0" + bytes(256)


def made(samples=SAMPLES, rate=16000, subtype="PCM_16"):
    file = io.BytesIO()
    soundfile.write(file, samples, rate, subtype, format="FLAC")
    return file.getvalue()


def with_total(data, total):
    """The same with another number of samples in its header."""
    return data[:21] + bytes([data[21] & 0xF0 | total >> 32]) + struct.pack(">I", total & 0xFFFFFFFF) + data[26:]


def read(data):
    """(samples as int16, remarks)."""
    with AudioSource(io.BytesIO(data)) as source:
        samples = np.concatenate([np.zeros(0), *source.blocks()])
        return np.round(samples * 32768).astype(np.int16), " and ".join(source.remarks)


@pytest.mark.parametrize("change", [lambda data: data, lambda data: with_total(data, 0), lambda data: ID3 + data,
                                    lambda data: data + b"TAG".ljust(128, b"\0"), lambda data: data + bytes(3000)])
def test_a_whole_file_is_read_without_a_word(change):
    """Also one that has no length, as a stream, and one with foreign tags on either side."""
    samples, remarks = read(change(made()))
    np.testing.assert_array_equal(samples, SAMPLES)
    assert remarks == ""


@pytest.mark.parametrize("total, remark", [
    (20000, "goes on after its header says (1.250 s), and 3.125 s were read"),
    (80000, "ends after 3.125 s, before its header says (5.000 s)"),
])
def test_a_header_that_is_wrong_is_passed_over_with_a_note(total, remark):
    samples, remarks = read(with_total(made(), total))
    np.testing.assert_array_equal(samples, SAMPLES)
    assert remarks == remark


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9, 0.97, 0.9999])
@pytest.mark.parametrize("total, remark", [(50000, "before its header says (3.125 s)"),
                                           (0, "in the middle of a frame")])
def test_a_file_that_is_cut_off_is_read_as_far_as_it_goes_with_a_note(part, total, remark):
    data = with_total(made(), total)
    samples, remarks = read(data[:int(part * len(data))])
    assert remarks == f"ends after {len(samples) / 16000:.3f} s, {remark}"
    assert len(samples) % 4096 == 0 and 0 < 50000 * part - len(samples) < 2 * 4096
    np.testing.assert_array_equal(samples, SAMPLES[:len(samples)])


def test_headers_alone_are_no_audio_unless_they_say_so():
    data = made()
    for end in (30, 42, 60, 200):
        with pytest.raises(AudioError, match="holds a header, but no audio"):
            read(data[:end])
    empty = data[:4] + b"\x80" + with_total(data, 0)[5:42]
    assert read(empty) == (pytest.approx(np.zeros(0)), "")


def test_one_behind_another_is_not_passed_over_in_silence():
    samples, remarks = read(2 * made())
    np.testing.assert_array_equal(samples, SAMPLES)
    assert remarks == "is followed by another recording, and only the first 3.125 s were read"


@pytest.mark.parametrize("rate, channels, subtype, length", [(44100, 2, "PCM_24", 9000), (8000, 1, "PCM_S8", 300),
                                                             (96000, 6, "PCM_16", 20000), (12345, 1, "PCM_16", 1)])
def test_the_last_frame_tells_the_length(rate, channels, subtype, length):
    data = made(np.random.default_rng(1).uniform(-0.5, 0.5, (length, channels)), rate, subtype)
    with soundfile.SoundFile(examine(Window(io.BytesIO(with_total(data, 0)))).window) as sound:
        assert sound.frames == length


def test_another_kind_of_file_is_none():
    for data in (b"", b"fLaX" + bytes(100), b"ID3" + bytes(4), bytes(1000)):
        assert examine(Window(io.BytesIO(data))) is None
