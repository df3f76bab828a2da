"""Damaged files: what is whole is decoded, what is not is filled in and told."""

import dataclasses
import io
import warnings

import numpy as np
import pytest
import soundfile

from neuralcodec import codec_info
from neuralcodec.bitstream.container import ContainerReader, ContainerWriter
from neuralcodec.bitstream.header_copy import write_copy
from neuralcodec.coding.damage import find_damage
from neuralcodec.errors import (
    ConfigError,
    DamagedFileError,
    DamageWarning,
    FormatError,
    NotANacFileError,
    TruncatedFileError,
)

SECOND = 16000


@pytest.fixture(scope="module")
def coded(codec, clip):
    """Five seconds of speech as .nac."""
    return codec.encode(clip[0][:5 * SECOND], 16000)


@pytest.fixture(scope="module")
def whole(codec, coded):
    return codec.decode(coded)[0]


def places(data):
    """Where each block begins, and the end."""
    reader = ContainerReader(io.BytesIO(data))
    end = len(data) - len(write_copy(reader.header, reader.block_sizes))
    return end - np.cumsum([*reader.block_sizes, 0][::-1])[::-1]


def flipped(data, *positions):
    data = bytearray(data)
    for position in positions:
        data[position] ^= 1
    return bytes(data)


def concealed(codec, data, **options):
    """(samples, stretches that were told)."""
    with pytest.warns(DamageWarning) as warned:
        samples, _ = codec.decode(data, errors="conceal", **options)
    assert len(warned) == 1 and warned[0].filename == __file__
    return samples, warned[0].message.stretches


def test_what_is_damaged_is_filled_in(codec, coded, whole):
    at = places(coded)
    samples, stretches = concealed(codec, flipped(coded, at[1] + 9, at[3] + 99))
    assert stretches == [(1.0, 2.0), (3.0, 4.0)] and samples.shape == whole.shape and np.isfinite(samples).all()
    for start, stop in ((0, 1), (2.25, 3), (4.25, 5)):  # right before a gap, and a quarter of a second behind it
        part = slice(round(start * SECOND), round(stop * SECOND) - 960)
        np.testing.assert_allclose(samples[part], whole[part], atol=1e-4)
    assert np.abs(np.diff(samples)).max() < 1.5 * np.abs(np.diff(whole)).max()  # no click
    samples, stretches = concealed(codec, flipped(coded, at[1], at[2]), modules=1, native=True)
    assert stretches == [(1.0, 3.0)] and len(samples) == 5 * SECOND


def test_a_file_that_is_whole_is_decoded_as_ever(codec, coded, whole):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(codec.decode(coded, errors="conceal")[0], whole)
        part, _ = codec.decode(flipped(coded, places(coded)[3]), errors="conceal", start=1, stop=2)
    np.testing.assert_allclose(part, whole[SECOND:2 * SECOND], atol=1e-4)


def test_half_a_file_gives_its_half(codec, coded, whole):
    at = places(coded)
    samples, stretches = concealed(codec, coded[:at[3] - 1])
    assert stretches == [(2.0, 5.0)] and len(samples) == 2 * SECOND
    np.testing.assert_allclose(samples[:-960], whole[:2 * SECOND - 960], atol=1e-4)
    samples, stretches = concealed(codec, coded[:at[3]], start=2.5)
    assert stretches == [(3.0, 5.0)] and len(samples) == SECOND // 2
    samples, _ = codec.decode(coded[:-9], errors="conceal")  # a part of the copy of the header is no loss
    np.testing.assert_array_equal(samples, whole)
    samples, stretches = concealed(codec, coded[:at[0]])
    assert stretches == [(0.0, 5.0)] and len(samples) == 0


def test_a_damaged_header(codec, coded, whole):
    for data in (flipped(coded, 0), flipped(coded, 3), flipped(coded, 12), bytes(30) + coded[30:]):
        samples, stretches = concealed(codec, data)
        assert stretches == []
        np.testing.assert_array_equal(samples, whole)
    at = places(coded)[2]
    samples, stretches = concealed(codec, bytes(at + 5) + coded[at + 5:])  # two seconds and the header are gone
    assert stretches == [(0.0, 3.0)] and len(samples) == 5 * SECOND
    np.testing.assert_allclose(samples[52000:], whole[52000:], atol=1e-4)
    with pytest.raises(NotANacFileError):
        codec.decode(b"not a .nac file" * 9, errors="conceal")


def test_strict_says_where_and_that_the_rest_can_be_had(codec, coded):
    at = places(coded)
    for data, error, words in (
            (flipped(coded, at[2] + 50), DamagedFileError, r"Block 2 .*\(2.0 to 3.0 s\) is damaged;.* have the rest: "),
            (coded[:at[4] + 5], TruncatedFileError, "ends at 4.0 s of its 5.0 s;.*have what there is: "),
            (flipped(coded, 9), DamagedFileError, "header is damaged;.* use the copy at its end: "),
            (coded + b"x", DamagedFileError, "Foreign bytes follow")):
        with pytest.raises(error, match=f"{words}.*errors='conceal', or --conceal"):
            codec.decode(data)
    with pytest.raises(ConfigError, match="'strict' or 'conceal', not 'ignore'"):
        codec.decode(coded, errors="ignore")


def with_noise(data, number):
    """A file in which every checksum fits, and a block holds what no encoder wrote."""
    reader = ContainerReader(io.BytesIO(data))
    writer, file = ContainerWriter(reader.header), io.BytesIO()
    for place, payloads in enumerate(reader):
        writer.add_block([b"\xff" * 600, *payloads[1:]] if place == number else payloads)
    writer.finish(file)
    return file.getvalue()


def test_payloads_that_cannot_be_decoded_under_valid_checksums(codec, coded, whole):
    data = with_noise(coded, 2)
    assert find_damage(io.BytesIO(data)) == []
    with pytest.raises(DamagedFileError, match=r"Block 2 of the file \(2.0 to 3.0 s\)"):
        codec.decode(data)
    samples, stretches = concealed(codec, data)
    assert stretches == [(2.0, 3.0)]
    np.testing.assert_allclose(samples[:2 * SECOND - 960], whole[:2 * SECOND - 960], atol=1e-4)


def test_files(codec, coded, tmp_path):
    path = tmp_path / "a.nac"
    path.write_bytes(flipped(coded, places(coded)[1]))
    with pytest.warns(DamageWarning, match=r"a.nac' is damaged: 1.0 to 2.0 s had to be filled in\."):
        codec.decompress(path, tmp_path / "a.wav", errors="conceal")
    assert soundfile.info(tmp_path / "a.wav").frames == 5 * SECOND
    path.write_bytes(coded[:places(coded)[2]])
    with pytest.warns(DamageWarning, match="it ends at 2.0 s of its 5.0 s"):
        codec.decompress(path, tmp_path / "b.wav", errors="conceal")
    assert soundfile.info(tmp_path / "b.wav").frames == 2 * SECOND


def test_what_is_damaged_is_found(coded):
    at = places(coded)
    assert find_damage(io.BytesIO(coded)) == []
    for data, lines in (
            (flipped(coded, at[1], at[2], at[4]), ["1.0 to 3.0 s: blocks 1 to 2 are damaged.",
                                                   "4.0 to 5.0 s: block 4 is damaged."]),
            (flipped(coded, 7, at[3]), ["The header is damaged; its copy at the end is whole.",
                                        "3.0 to 4.0 s: block 3 is damaged."]),
            (flipped(coded[:at[3] + 1], at[0]), ["0.0 to 1.0 s: block 0 is damaged.",
                                                 "The file ends at 3.0 s of its 5.0 s."]),
            (flipped(coded, len(coded) - 9), ["The copy of the file's header, behind its last block, is damaged."]),
            (coded[:-9], ["The file ends within the copy of its header, behind the last block."]),
            (coded + b"x", ["Foreign bytes follow the last block of the file."])):
        assert find_damage(io.BytesIO(data)) == lines
    with pytest.raises(FormatError):
        find_damage(io.BytesIO(b"RIFF" * 100))


def lost_seconds(data):
    """How much of a recording cannot be decoded."""
    reader, lost = ContainerReader(io.BytesIO(data), use_copy=True), 0
    for number in range(len(reader)):
        try:
            reader.read_block(number)
        except DamagedFileError:
            start, end = reader.header.block_seconds(number)
            lost += end - start
    return lost


@pytest.mark.parametrize("seconds", [2, 30])
def test_a_flipped_byte_at_each_of_a_thousand_places(coded, seconds):
    reader, rng = ContainerReader(io.BytesIO(coded)), np.random.default_rng(seconds)
    header = dataclasses.replace(reader.header, num_samples=seconds * SECOND, num_samples_16k=seconds * SECOND)
    writer, file, first = ContainerWriter(header), io.BytesIO(), reader.read_block(1)
    for _ in range(header.num_blocks):
        writer.add_block(first)
    writer.finish(file)
    data = file.getvalue()
    positions = np.concatenate([np.arange(60), rng.integers(60, len(data), 940)])
    losses = []
    for position in positions:
        damaged = bytearray(data)
        damaged[position] ^= rng.integers(1, 256)
        losses.append(lost_seconds(bytes(damaged)))
    assert max(losses) <= 1.0 and losses[:40] == [0] * 40  # of which the latter lie in the header


def test_info_of_a_file_with_a_copy(coded):
    facts = codec_info(io.BytesIO(coded))
    assert facts["intact"] and facts["bytes"] == len(coded)
