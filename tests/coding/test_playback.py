"""Any stretch of a file, decoded by itself, is that of the whole, and costs no more than it needs."""

import dataclasses
import io
import tracemalloc

import numpy as np
import pytest

from neuralcodec import codec_info
from neuralcodec.bitstream.container import ContainerReader, ContainerWriter
from neuralcodec.bitstream.header import Header
from neuralcodec.coding import playback
from neuralcodec.errors import DamagedFileError, StretchError, TooLongError, TruncatedFileError


@pytest.fixture(scope="module")
def coded(codec, clip):
    """Seven and a half seconds of speech as .nac, at 16 kHz."""
    return codec.encode(clip[0][:120_005], 16000)


def as_from(data, rate):
    """The same coded audio, as if it came from a recording of another rate."""
    reader = ContainerReader(io.BytesIO(data))
    length = -(-reader.header.num_samples_16k * rate // 16000)
    writer = ContainerWriter(dataclasses.replace(reader.header, sample_rate=rate, num_samples=length))
    for payloads in reader:
        writer.add_block(payloads)
    file = io.BytesIO()
    writer.finish(file)
    return file.getvalue()


@pytest.mark.parametrize("rate", [16000, 8000, 11025, 22050, 44100, 44101, 48000])
def test_a_stretch_is_that_of_the_whole(codec, coded, rate):
    data = as_from(coded, rate)
    whole, _ = codec.decode(data)
    for start, stop in ((0, 0.1), (0.999, 1.001), (2.3456, 3.9), (5.5, 5.5), (7.2, None), (None, 0.51), (6.6, 7.4)):
        part, found = codec.decode(data, start=start, stop=stop)
        expected = whole[round((start or 0) * rate): None if stop is None else round(stop * rate)]
        assert found == rate and part.dtype == np.float32 and part.shape == expected.shape
        np.testing.assert_allclose(part, expected, atol=1e-4)


def test_native_and_modules(codec, coded):
    data = as_from(coded, 44100)
    whole, _ = codec.decode(data, native=True, modules=1)
    part, rate = codec.decode(data, native=True, modules=1, start=2, stop=2.5)
    assert rate == 16000
    np.testing.assert_allclose(part, whole[32000:40000], atol=1e-4)


@pytest.mark.parametrize("start, stop, first, last",
                         [(0, 0.2, 0, 0), (3.3, 3.7, 3, 3), (3.1, 3.95, 2, 3), (6, 7, 5, 7)])
def test_only_the_blocks_that_are_needed_are_read(codec, coded, monkeypatch, start, stop, first, last):
    numbers, read_block = [], ContainerReader.read_block
    monkeypatch.setattr(ContainerReader, "read_block", lambda self, n: numbers.append(n) or read_block(self, n))
    codec.decode(coded, start=start, stop=stop)
    assert numbers == list(range(first, last + 1))


def test_as_many_frames_are_decoded_wherever_the_stretch_lies(codec, clip, monkeypatch):
    data, counts = codec.encode(np.tile(clip[0], 4), 16000), []
    decoder = type(playback.make_decoder(codec.preset.config, codec.preset.weights))
    push = decoder.push
    monkeypatch.setattr(decoder, "push", lambda self, frames: counts.append(len(frames)) or push(self, frames))
    for start in (1.0, 11.0, 29.0):
        codec.decode(data, start=start, stop=start + 0.2)
        assert sum(counts) == 12 + 10 + 2
        counts.clear()


def test_damage_elsewhere_is_no_matter(codec, coded):
    whole, _ = codec.decode(coded)
    damaged = bytearray(coded)
    damaged[len(coded) // 2] ^= 1  # in the fourth second
    part, _ = codec.decode(bytes(damaged), start=5, stop=6)
    np.testing.assert_allclose(part, whole[80000:96000], atol=1e-4)
    part, _ = codec.decode(coded[:-1000], start=1, stop=2)
    np.testing.assert_allclose(part, whole[16000:32000], atol=1e-4)
    with pytest.raises(DamagedFileError, match=r"3.0 to 4.0 s"):
        codec.decode(bytes(damaged), start=3, stop=4)
    with pytest.raises(TruncatedFileError):
        codec.decode(coded[:-1000], start=7)


def test_progress_goes_to_the_end_of_the_stretch(codec, coded):
    seen = []
    codec.decode(coded, start=2, stop=3, progress=lambda *place: seen.append(place))
    assert seen[-1] == (16000, 16000)


def test_a_stretch_as_a_file(codec, coded, tmp_path):
    from soundfile import read

    (tmp_path / "a.nac").write_bytes(as_from(coded, 22050))
    codec.decompress(tmp_path / "a.nac", tmp_path / "a.wav", start=1.5, stop=2.25)
    samples, rate = read(tmp_path / "a.wav", dtype="float32")
    expected, _ = codec.decode((tmp_path / "a.nac").read_bytes(), start=1.5, stop=2.25)
    assert rate == 22050 and len(samples) == round(2.25 * 22050) - round(1.5 * 22050)
    np.testing.assert_allclose(samples, expected, atol=1.1 / 32768)
    with pytest.raises(StretchError):
        codec.decompress(tmp_path / "a.nac", tmp_path / "b.wav", start=8)
    assert not (tmp_path / "b.wav").exists()


def test_a_stretch_of_no_samples(codec):
    data = codec.encode(np.zeros(0), 16000)
    assert codec.decode(data, start=0, stop=0)[0].shape == (0,)


def bomb(codec, seconds, rate):
    """A file of legal empty blocks."""
    length = seconds * 16000 - 640
    header = Header(codec.name, codec.preset.hash[:8], rate, length * rate // 16000, length, 2)
    writer, file = ContainerWriter(header), io.BytesIO()
    for _ in range(header.num_blocks):
        writer.add_block([b"", b"", b""])
    writer.finish(file)
    return file.getvalue()


def peak_bytes(action):
    tracemalloc.start()
    try:
        return action(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_small_file_does_not_become_a_large_array(codec, tmp_path):
    data = bomb(codec, 300, 768000)
    assert len(data) < 2500

    def refused():
        with pytest.raises(TooLongError, match="300.0 s at 768000 Hz.*use decompress"):
            codec.decode(data)
        with pytest.raises(TooLongError, match="max_seconds"):
            codec.decompress(io.BytesIO(data), tmp_path / "a.wav", max_seconds=60)

    assert peak_bytes(refused)[1] < 4 << 20
    assert not (tmp_path / "a.wav").exists()


def test_what_is_decoded_to_memory_is_little_more_than_the_samples(codec):
    data = bomb(codec, 16, 768000)
    (samples, rate), peak = peak_bytes(lambda: codec.decode(data, max_seconds=None))
    assert (rate, len(samples)) == (768000, (16 * 16000 - 640) * 48)
    assert peak < 1.5 * samples.nbytes


def test_an_index_with_nothing_behind_it_costs_nothing(codec):
    whole = bomb(codec, 500_000, 16000)
    data = whole[:len(whole) - 500_000 * 6]  # the header, half a million blocks of one byte each in its index
    for action in (lambda: codec_info(io.BytesIO(data)), lambda: codec.decode(data, max_seconds=None),
                   lambda: codec.decode(data, max_seconds=None, start=1)):
        def refused(action=action):
            with pytest.raises(TruncatedFileError, match="ends at 0.0 s of its"):
                action()

        assert peak_bytes(refused)[1] < 8 << 20  # as a list of numbers it were 50 MB
