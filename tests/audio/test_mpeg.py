"""MP3 files: damaged, cut off, without a length, one behind another."""

import io
import os

import numpy as np
import pytest
import soundfile

from neuralcodec.audio import AudioSource
from neuralcodec.audio.mpeg import examine
from neuralcodec.audio.window import Window
from neuralcodec.errors import AudioError

RATE = 16000
FRAME = 576  # samples of MPEG-2, layer III


@pytest.fixture(scope="module")
def whole(clip):
    file = io.BytesIO()
    soundfile.write(file, clip[0], RATE, "MPEG_LAYER_III", format="MP3")
    return file.getvalue()


def frames(data):
    """Offsets of all frames, and of the end."""
    rates = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
    places = [0]
    while places[-1] < len(data):
        header = data[places[-1]:places[-1] + 4]
        places.append(places[-1] + 72 * 1000 * rates[header[2] >> 4] // RATE + (header[2] >> 1 & 1))
    return places


def read(data):
    """(samples, remarks)."""
    with AudioSource(io.BytesIO(data)) as source:
        samples = np.concatenate(list(source.blocks()))
        assert len(samples) == source.num_samples_16k
        return samples, " and ".join(source.remarks)


def test_a_whole_file_is_read_without_a_word(whole, clip):
    samples, remarks = read(whole)
    assert len(samples) == len(clip[0]) and remarks == ""


@pytest.mark.parametrize("count", [600, 2000, 10000])
@pytest.mark.parametrize("fill", ["zeros", "noise"])
def test_a_damaged_stretch_is_left_out_and_what_follows_is_read(whole, count, fill):
    place = frames(whole)[100] + 20
    stretch = bytes(count) if fill == "zeros" else np.random.default_rng(0).bytes(count)
    samples, remarks = read(whole[:place] + stretch + whole[place + count:])
    assert remarks.startswith(f"is damaged at {99 * FRAME / RATE:.3f} s (") and remarks.endswith("left out there)")
    expected = read(whole)[0]
    lost = len(expected) - len(samples)
    assert FRAME <= lost < (count / 100 + 3) * FRAME
    np.testing.assert_allclose(samples[:98 * FRAME - 1200], expected[:98 * FRAME - 1200], atol=1e-3)
    np.testing.assert_allclose(samples[-60 * FRAME:], expected[-60 * FRAME:], atol=1e-3)


def test_bytes_that_are_missing_or_too_many(whole):
    place = frames(whole)[100] + 20
    for data in (whole[:place] + whole[place + 500:], whole[:place] + bytes(3000) + whole[place:]):
        samples, remarks = read(data)
        assert "is damaged at 3." in remarks and len(samples) > len(read(whole)[0]) - 8 * FRAME


def test_several_places_are_told(whole):
    places = frames(whole)
    for place in (30, 60, 90, 120, 150):
        whole = whole[:places[place] + 20] + bytes(600) + whole[places[place] + 620:]
    assert "is damaged at 1.044, 2.052, 2.988 s and 2 more places (" in read(whole)[1]


@pytest.mark.parametrize("part", [0.3, 0.5, 0.9])
def test_a_file_that_is_cut_off_is_read_as_far_as_it_goes_with_a_note(whole, part):
    samples, remarks = read(whole[:int(part * len(whole))])
    assert remarks == f"ends after {len(samples) / RATE:.3f} s, before its header says (7.668 s)"
    expected = read(whole)[0]
    assert abs(len(samples) - part * len(expected)) < 0.1 * len(expected)
    np.testing.assert_allclose(samples[:-1200], expected[:len(samples) - 1200], atol=1e-3)


def test_without_a_table_of_contents_all_of_it_is_read(whole):
    bare = whole[frames(whole)[1]:]
    samples, remarks = read(bare)
    assert abs(len(samples) - 213 * FRAME) < 2 * FRAME and remarks == ""
    samples, remarks = read(bare[:len(bare) // 2])
    assert len(samples) > 95 * FRAME and remarks == f"ends after {len(samples) / RATE:.3f} s, in the middle of a frame"


def test_one_behind_another(whole):
    """Of the same kind they are one recording to every player; of another kind they are not."""
    tag = b"ID3\3\0\0\0\0\2\0" + bytes(256)
    for data in (2 * whole, 2 * (tag + whole), 2 * (whole + b"TAG".ljust(128, b"\0"))):
        samples, remarks = read(data)
        assert len(samples) > 2 * 211 * FRAME and remarks.startswith("goes on after its header says (")
    file = io.BytesIO()
    soundfile.write(file, np.zeros(44100), 44100, "MPEG_LAYER_III", format="MP3")
    samples, remarks = read(whole + file.getvalue())
    assert abs(len(samples) - len(read(whole)[0])) < FRAME and "is followed by another recording" in remarks


def test_tags_and_foreign_bytes_around_are_no_damage(whole):
    tag = b"ID3\3\0\0\0\0\2\0" + bytes(256)
    for data in (tag + whole, whole + b"TAG".ljust(128, b"\0"), bytes(3000) + whole, whole + bytes(3000)):
        samples, remarks = read(data)
        assert len(samples) == len(read(whole)[0]) and remarks == ""


@pytest.mark.parametrize("rate, channels", [(44100, 2), (48000, 1), (8000, 1), (24000, 2)])
def test_other_kinds(rate, channels):
    file = io.BytesIO()
    soundfile.write(file, np.random.default_rng(0).uniform(-0.3, 0.3, (3 * rate, channels)), rate, format="MP3")
    data = file.getvalue()
    assert examine(Window(io.BytesIO(data))).remark == ""
    with AudioSource(io.BytesIO(data[:len(data) // 2])) as source:
        assert rate < source.num_samples < 2 * rate and source.truncated


def test_headers_alone_are_no_audio(whole):
    places = frames(whole)
    for end in (places[1], places[1] + 20):
        with pytest.raises(AudioError, match="holds a header, but no audio"):
            read(whole[:end])


def test_nothing_is_written_to_standard_error(whole, capfd):
    """libmpg123 has much to say of damaged frames."""
    place = frames(whole)[100]
    garbage = np.random.default_rng(0).bytes(60)
    for data in (whole[:len(whole) // 2], whole[:place + 40] + garbage + whole[place + 100:],
                 whole[:place] + bytes(2000) + whole[place + 2000:], whole[:place] + whole[place + 700:]):
        read(data)
    os.write(2, b"still there")
    assert capfd.readouterr().err == "still there"


@pytest.mark.parametrize("data", [b"", b"\xff" * 200000, b"\xff\xfb" * 50000, bytes(100000),
                                  b"ID3\4\0\0\x7f\x7f\x7f\x7f" + bytes(100), np.random.default_rng(0).bytes(200000)])
def test_what_has_no_frames_is_none(data):
    assert examine(Window(io.BytesIO(data))) is None
