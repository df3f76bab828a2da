"""Headers and the files behind them: what there is is read, and what is wrong is said."""

import io
import struct
import tracemalloc

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from neuralcodec.audio import AudioSource
from neuralcodec.audio.containers import examine
from neuralcodec.audio.window import Window
from neuralcodec.errors import AudioError

SAMPLES = np.random.default_rng(0).integers(-9000, 9000, 16000).astype(np.int16)
KINDS = {  # format -> (endian, bytes from the chunk of samples, or the magic, to the first sample; where its size lies)
    "WAV": ("FILE", b"data", 8, 4, "<I"), "RIFX": ("BIG", b"data", 8, 4, ">I"), "WAVEX": ("FILE", b"data", 8, 4, "<I"),
    "RF64": ("FILE", b"ds64", None, 16, "<Q"), "BW64": ("FILE", b"ds64", None, 16, "<Q"),
    "W64": ("FILE", b"data\xf3", 24, 16, "<q"), "AIFF": ("FILE", b"SSND", 16, None, None),
    "AIFC": ("LITTLE", b"SSND", 16, None, None), "AU": ("FILE", b".snd", 24, 8, ">I"),
    "AU little": ("LITTLE", b"dns.", 24, 8, "<I"), "CAF": ("FILE", b"data", 16, 4, ">q"),
    "SVX": ("FILE", b"BODY", 8, 4, ">I"),
}
STATED = {"W64": 24, "CAF": 4}  # what sizes count besides the samples


def made(kind, samples=SAMPLES):
    endian = KINDS[kind][0]
    form = {"RIFX": "WAV", "BW64": "RF64", "AIFC": "AIFF", "AU little": "AU"}.get(kind, kind)
    file = io.BytesIO()
    soundfile.write(file, samples, 16000, "PCM_16", format=form, endian=endian)
    return file.getvalue().replace(b"RF64", kind.encode(), 1) if kind == "BW64" else file.getvalue()


def start_of(kind, data):
    name, distance = KINDS[kind][1:3]
    return data.index(name) + distance if distance else data.index(b"data") + 8


def with_size(kind, data, size):
    """The same with another size in its header."""
    if kind.startswith("AIF"):
        count, place = data.index(b"COMM") + 10, data.index(b"SSND") + 4
        sized = data[:place] + struct.pack(">I", size + 8) + data[place + 4:]
        return sized[:count] + struct.pack(">I", size // 2) + sized[count + 4:]
    name, _, place, pattern = KINDS[kind][1:]
    at = data.index(name) + place
    packed = struct.pack(pattern, size + STATED.get(kind, 0))
    return data[:at] + packed + data[at + len(packed):]


def read(data):
    """(samples as int16, remarks)."""
    with AudioSource(io.BytesIO(data)) as source:
        samples = np.concatenate([np.zeros(0), *source.blocks()])
        return np.round(samples * 32768).astype(np.int16), " and ".join(source.remarks)


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_file_is_read_without_a_word(kind):
    samples, remarks = read(made(kind))
    np.testing.assert_array_equal(samples, SAMPLES)
    assert remarks == ""


@pytest.mark.parametrize("kind", KINDS)
def test_a_size_of_zero_is_passed_over_with_a_note(kind):
    samples, remarks = read(with_size(kind, made(kind), 0))
    np.testing.assert_array_equal(samples, SAMPLES)
    assert remarks == "has a length of 0 in its header, and 1.000 s were read"


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_cut_off_is_read_as_far_as_it_goes_with_a_note(kind):
    data = made(kind)
    samples, remarks = read(data[:start_of(kind, data) + 12345])
    np.testing.assert_array_equal(samples, SAMPLES[:12345 // 2])
    assert remarks == "ends after 0.386 s, before its header says (1.000 s)"


@pytest.mark.parametrize("kind", KINDS)
def test_a_header_that_says_too_little_is_passed_over_with_a_note(kind):
    samples, remarks = read(with_size(kind, made(kind), 16000))
    np.testing.assert_array_equal(samples, SAMPLES)
    assert remarks == "goes on after its header says (0.500 s), and 1.000 s were read"


@pytest.mark.parametrize("kind, size", [
    ("WAV", 0xFFFFFFFF), ("WAV", 0x7FFFF000), ("WAV", 0x80000000), ("WAV", 0xFFFFFFFF - 36), ("RIFX", 0xFFFFFFFF),
    ("RF64", 0xFFFFFFFF), ("AU", 0xFFFFFFFF), ("AU little", 0xFFFFFFFF), ("CAF", -5), ("SVX", 0xFFFFFFFF)])
def test_a_stream_has_no_length(kind, size):
    """What programs write that cannot go back to the header."""
    samples, remarks = read(with_size(kind, made(kind), size))
    np.testing.assert_array_equal(samples, SAMPLES)
    assert remarks == "has no length in its header, as a stream has none, and 1.000 s were read"


@pytest.mark.parametrize("kind", KINDS)
def test_a_header_with_nothing_behind_it_is_no_audio(kind):
    data = made(kind)
    for end in (start_of(kind, data), start_of(kind, data) + 1, start_of(kind, data) - 3):
        with pytest.raises(AudioError, match="holds a header, but no audio"):
            read(data[:end])


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"SVX"}))
def test_a_header_that_says_so_itself_is_of_no_samples(kind):
    samples, remarks = read(made(kind, SAMPLES[:0]))
    assert len(samples) == 0 and remarks == ""


@pytest.mark.parametrize("kind", KINDS)
def test_tags_behind_the_samples_are_no_sound(kind):
    for tag in (b"TAG".ljust(128, b"\0"), b"APETAGEX".ljust(32, b"\0"), b"ID3\4".ljust(100, b"\0")):
        samples, remarks = read(made(kind) + tag)
        np.testing.assert_array_equal(samples, SAMPLES)
        assert remarks == ""


@pytest.mark.parametrize("kind", ["WAV", "RF64", "BW64", "AIFF", "CAF", "W64"])
def test_chunks_behind_the_samples_are_no_sound(kind):
    chunk = {"AIFF": b"ANNO\0\0\0\6abcdef", "CAF": b"free" + bytes(7) + b"\6abcdef",
             "W64": b"bext" + bytes.fromhex("f3acd3118cd100c04f8edb8a") + struct.pack("<Q", 32) + bytes(8)}
    samples, remarks = read(made(kind) + chunk.get(kind, b"cue \6\0\0\0abcdef"))
    np.testing.assert_array_equal(samples, SAMPLES)
    assert remarks == ""


@pytest.mark.parametrize("kind", KINDS)
def test_another_recording_behind_is_not_passed_over_in_silence(kind):
    samples, remarks = read(2 * made(kind))
    np.testing.assert_array_equal(samples, SAMPLES)
    assert remarks == "is followed by another recording, and only the first 1.000 s were read"


@pytest.mark.parametrize("form, subtype", [("WAV", "MS_ADPCM"), ("WAV", "IMA_ADPCM"), ("WAV", "GSM610"),
                                           ("WAV", "ULAW"), ("AIFF", "ALAW"), ("AIFF", "IMA_ADPCM"),
                                           ("AU", "G721_32"), ("CAF", "FLOAT"), ("WAV", "DOUBLE")])
def test_samples_of_other_kinds_are_cut_off_too(form, subtype):
    file = io.BytesIO()
    soundfile.write(file, SAMPLES, 16000, subtype, format=form)
    whole, _ = read(file.getvalue())
    samples, remarks = read(file.getvalue()[:len(file.getvalue()) * 2 // 3])
    assert 8000 < len(samples) < 12000 and remarks.startswith("ends after 0.")
    np.testing.assert_array_equal(samples[:-1100], whole[:len(samples)][:-1100])  # of the last block a part is missing


def test_nist_sphere():
    file = io.BytesIO()
    soundfile.write(file, SAMPLES, 16000, "PCM_16", format="NIST")
    for change, length, remark in ((-12000, 10000, "before its header says (1.000 s)"), (4000, 18000, "goes on after")):
        data = file.getvalue()[:change] if change < 0 else file.getvalue() + bytes(change)
        samples, remarks = read(data)
        assert len(samples) == length and remark in remarks


def test_more_than_32_bits_can_count(tmp_path):
    """A stream of 5 GB; most of it is a hole in the file."""
    path, header = tmp_path / "long.wav", with_size("WAV", made("WAV", SAMPLES[:0]), 0xFFFFFFFF)
    with open(path, "wb") as file:
        file.write(header)
        file.truncate(5_000_000_044)
    with AudioSource(path) as source:
        assert source.num_samples == 2_500_000_000 and "156250.000 s were read" in source.remarks[0]


def test_wav_with_a_list_before_the_samples_and_none_of_its_sizes():
    data = made("WAV")
    info = b"LIST" + struct.pack("<I", 16) + b"INFOINAM" + struct.pack("<I", 4) + b"abc\0"
    data = data[:36] + info + data[36:]
    with AudioSource(io.BytesIO(with_size("WAV", data[:4] + bytes(4) + data[8:], 0))) as source:
        assert (source.num_samples, source.tags) == (16000, {"title": "abc"})


@settings(max_examples=300, deadline=None)
@given(kind=st.sampled_from(sorted(KINDS)), places=st.lists(st.tuples(st.integers(0, 120), st.integers(0, 255)),
                                                            max_size=8), end=st.integers(0, 400))
def test_any_header_is_read_or_refused(kind, places, end):
    """Hostile or damaged headers: no other exception, no memory for what is not there."""
    data = bytearray(made(kind, SAMPLES[:100])[:end])
    for place, value in places:
        if place < len(data):
            data[place] = value
    tracemalloc.start()
    try:
        read(bytes(data))
    except AudioError:
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20


@pytest.mark.parametrize("data", [b"", b"RIFF", b"RIFF\0\0\0\0WAVE", b"FORM\0\0\0\0AIFF", b".snd" + bytes(20),
                                  b"caff\0\1\0\0", b"RIFF\0\0\0\0WAVE" + b"abcd\0\0\0\0" * 10000, bytes(1000)])
def test_odd_starts_are_no_reason_to_stop(data):
    finding = examine(Window(io.BytesIO(data)))
    assert finding is None or not finding.remark
