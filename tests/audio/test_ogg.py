"""Ogg files: cut off, damaged, with pages missing, one behind another."""

import io
import struct

import numpy as np
import pytest
import soundfile

from neuralcodec.audio import AudioSource
from neuralcodec.audio.ogg import examine
from neuralcodec.audio.window import Window
from neuralcodec.errors import AudioError


def made(subtype, seconds=3):
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", 48000, 1, subtype, format="OGG") as sound:
        for _ in range(10 * seconds):
            sound.write(np.random.default_rng(0).uniform(-0.5, 0.5, 4800))
    return file.getvalue()


@pytest.fixture(scope="module", params=["VORBIS", "OPUS"])
def whole(request):
    return made(request.param)


def pages(data):
    """Offsets of all pages, and of the end."""
    places = [0]
    while places[-1] < len(data):
        at = places[-1]
        count = data[at + 26]
        places.append(at + 27 + count + sum(data[at + 27:at + 27 + count]))
    return places


def read(data):
    """(samples, remarks)."""
    with AudioSource(io.BytesIO(data)) as source:
        samples = np.concatenate(list(source.blocks()))
        assert len(samples) == source.num_samples_16k
        return samples, " and ".join(source.remarks[1:])  # the first is about its rate


def test_a_whole_file_is_read_without_a_word(whole):
    samples, remarks = read(whole)
    assert len(samples) == 48000 and remarks == ""


@pytest.mark.parametrize("part", [0.2, 0.5, 0.8, 0.99])
def test_a_file_that_is_cut_off_is_read_as_far_as_it_goes_with_a_note(whole, part):
    """Also the packets of the page in which it ends."""
    samples, remarks = read(whole[:int(part * len(whole))])
    assert remarks == f"ends after {len(samples) / 16000:.3f} s, in the middle of a page"
    assert 48000 * part - 16000 < len(samples) <= 48000 * part + 3000
    np.testing.assert_allclose(samples[:-2000], read(whole)[0][:len(samples) - 2000], atol=2e-3)


def test_a_recording_shorter_than_a_page_that_is_cut_off():
    for subtype in ("VORBIS", "OPUS"):
        whole = made(subtype, seconds=1)
        samples, remarks = read(whole[:len(whole) // 2])
        assert len(samples) > 1000 and "in the middle of a page" in remarks


def test_a_file_that_is_cut_off_between_pages(whole):
    places = pages(whole)
    samples, remarks = read(whole[:places[-2]])
    assert "without the mark of its end" in remarks and 16000 < len(samples) < 48000


def test_headers_alone_are_no_audio(whole):
    places = pages(whole)
    for end in (places[2], places[1] + 40):
        with pytest.raises(AudioError, match="holds a header, but no audio"):
            read(whole[:end])


def test_damage_is_named_by_its_time(whole):
    places = pages(whole)
    place = places[len(places) // 2] + 300
    damaged = whole[:place] + bytes(100) + whole[place + 100:]
    missing = whole[:places[3]] + whole[places[4]:]
    for data in (damaged, missing):
        with pytest.raises(AudioError, match=r"damaged at [012]\.\d+ seconds"):
            read(data)


def test_one_behind_another_is_not_passed_over_in_silence(whole):
    samples, remarks = read(whole + made("VORBIS"))
    assert len(samples) == 48000 and remarks == "is followed by another recording, and only the first 3.000 s were read"


def test_what_is_no_page_behind_the_last_is_no_damage(whole):
    samples, remarks = read(whole + b"TAG".ljust(128, b"\0"))
    assert len(samples) == 48000 and remarks == ""


def test_a_broadcast_that_somebody_tuned_in_to(whole):
    places = pages(whole)
    samples, remarks = read(whole[:places[2]] + whole[places[3]:])
    assert remarks.startswith("begins in the middle of a stream, and ") and 0 < len(samples) < 48000


def test_checksums_are_those_of_the_format():
    """A page of libogg, byte by byte; with one bit turned it is none."""
    whole = made("VORBIS", seconds=1)
    assert examine(Window(io.BytesIO(whole))).remark == ""
    for bit in (8 * 20, 8 * 40, 8 * 22):
        turned = bytearray(whole)
        turned[bit // 8] ^= 1
        finding = examine(Window(io.BytesIO(bytes(turned))))
        assert finding is None or finding.remark or finding.damage is not None


def test_hostile_pages_are_only_walked_over():
    page = b"OggS\0\2" + bytes(8) + struct.pack("<III", 1, 0, 0) + b"\xff" + b"\xff" * 255
    assert examine(Window(io.BytesIO(page * 100))) is None
    assert examine(Window(io.BytesIO(b"OggS"))) is None
