"""Live speech: packets do not depend on how samples come, decode like a file, and survive losses."""

import io
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuralcodec import Codec
from neuralcodec.bitstream.container import ContainerReader
from neuralcodec.bitstream.frames import Frames
from neuralcodec.bitstream.packet import read_packet
from neuralcodec.bitstream.packet_stream import StreamHeader
from neuralcodec.bitstream.payloads import decode_blocks
from neuralcodec.errors import (
    AudioError,
    DamagedFileError,
    ModulesError,
    NewerVersionError,
    NotAStreamError,
    PacketError,
    StreamError,
    WrongPresetError,
)
from neuralcodec.runtime.nested_encoder import make_encoder


def packets_of(codec, samples, sizes=(1 << 30,), **options):
    """Packets of samples that come in pieces of these sizes, over and over."""
    encoder, packets, start = codec.stream_encoder(**options), [], 0
    for size in itertools.cycle(sizes):
        packets += encoder.push(samples[start: start + size])
        start += size
        if start >= len(samples):
            return packets + encoder.flush()


def decoded(codec, packets):
    """(samples, how many came with each packet)."""
    decoder = codec.stream_decoder()
    parts = [*map(decoder.push, packets), decoder.flush()]
    return np.concatenate(parts), [len(part) for part in parts]


def frames_of_file(codec, data):
    reader = ContainerReader(io.BytesIO(data))
    counts = [reader.header.block_frames(number) for number in range(len(reader))]
    return Frames.concatenate(decode_blocks(list(reader), counts, codec.preset.tables))


@pytest.mark.parametrize("frames, modules, fec", [(1, 2, True), (2, 1, False), (3, 2, True)])
def test_a_stream_without_loss_is_what_a_file_is(any_codec, clip, frames, modules, fec):
    for count in (1, 320, 9999):
        samples = clip[0][16000: 16000 + count]
        packets = packets_of(any_codec, samples, frames_per_packet=frames, modules=modules, fec=fec)
        data = any_codec.encode(samples, 16000, modules=modules)
        coded = [read_packet(packet, any_codec.preset.tables).frames for packet in packets]
        assert Frames.concatenate(coded) == frames_of_file(any_codec, data)
        found = decoded(any_codec, packets)[0]
        np.testing.assert_allclose(found, any_codec.decode(data)[0], atol=1e-4, strict=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cq-9k", "cmrl-16k", "cq-24k"])
def test_a_long_stream_has_the_symbols_of_a_file(name, clip):
    """Ten minutes of speech at all levels, 3,380,000 symbols and more."""
    codec, rng = Codec.from_pretrained(name), np.random.default_rng(0)
    encoder, whole = (make_encoder(codec.preset.config, codec.preset.weights) for _ in range(2))
    for _ in range(80):
        samples = np.roll(clip[0], rng.integers(len(clip[0]))) * np.float32(rng.uniform(0.02, 1))
        samples = samples[: len(samples) // 320 * 320]
        pieces = [encoder.push(piece) for piece in samples.reshape(-1, 320)]
        assert Frames.concatenate(pieces) == whole.push(samples)


@given(st.lists(st.integers(0, 3) | st.integers(0, 2000) | st.integers(5000, 160000), min_size=1, max_size=6),
       st.integers(1, 3), st.integers(1, 5000))
@settings(max_examples=10, deadline=None)
def test_packets_do_not_depend_on_how_samples_come(any_codec, clip, sizes, frames, count):
    samples = clip[0][16000: 16000 + count]
    whole = packets_of(any_codec, samples, frames_per_packet=frames)
    assert packets_of(any_codec, samples, [*sizes, 700], frames_per_packet=frames) == whole


def test_one_sample_at_a_time(codec, clip):
    samples = clip[0][16000:18000]
    assert packets_of(codec, samples, [1]) == packets_of(codec, samples)


def test_integers_and_channels(codec, clip):
    samples = np.rint(clip[0][16000:20000] * 32768).astype(np.int16)
    wanted = packets_of(codec, samples / 32768)
    assert packets_of(codec, samples) == wanted
    assert packets_of(codec, np.stack([samples, samples], axis=1)) == wanted


def test_nothing_gives_nothing(codec):
    encoder = codec.stream_encoder()
    assert encoder.push(np.zeros(0)) == [] == encoder.flush()


def test_packets_come_as_soon_as_their_samples_are_there(any_codec):
    for frames in (1, 2, 3):
        encoder = any_codec.stream_encoder(frames_per_packet=frames)
        assert encoder.push(np.zeros(320 * frames - 1)) == []
        assert len(encoder.push(np.zeros(1))) == 1


def test_the_delay_is_that_of_an_impulse(any_codec):
    """What comes out at most `delay` samples later has the impulse in its place."""
    for frames in (1, 2, 3):
        encoder, decoder = any_codec.stream_encoder(frames_per_packet=frames), any_codec.stream_decoder()
        span, late = 320 * frames, 0
        for place in range(3840, 3840 + span, 80):
            encoder.reset()
            decoder.reset()
            samples, out = np.eye(1, 9600, place, dtype=np.float32)[0], np.zeros(0, np.float32)
            for end in range(span, len(samples), span):
                before = len(out)
                out = np.concatenate([out, *map(decoder.push, encoder.push(samples[end - span: end]))])
                if before <= place < len(out):
                    late = max(late, end - place)
            if any_codec.name == "tiny":  # the other one's random weights smear an impulse
                assert abs(int(np.abs(out).argmax()) - place) <= 1
        assert late == encoder.delay


def test_reset_begins_anew(any_codec, clip):
    encoder, decoder = any_codec.stream_encoder(fec=True), any_codec.stream_decoder()
    samples = clip[0][16000:20000]
    first = encoder.push(samples)
    for packet in (*first[:5], None):
        decoder.push(packet)
    encoder.reset()
    decoder.reset()
    again = encoder.push(samples)
    assert again == first
    np.testing.assert_array_equal(np.concatenate([*map(decoder.push, again)]), decoded(any_codec, first)[0])
    assert encoder.flush() and encoder.push(samples) == first  # after the end it begins anew by itself


@pytest.mark.parametrize("frames", [1, 3])
@pytest.mark.parametrize("fec", [False, True])
def test_any_loss_keeps_the_length(any_codec, clip, frames, fec):
    packets = packets_of(any_codec, clip[0][16000:26000], frames_per_packet=frames, fec=fec)
    rng = np.random.default_rng(1)
    for share in (0.3, 1.0):
        lost = rng.random(len(packets) - 3) < share
        found, _ = decoded(any_codec, [*(None if gone else packet for gone, packet in zip(lost, packets)),
                                       *packets[-3:]])
        assert len(found) == 10000 and np.isfinite(found).all()


def test_a_decoder_that_waits_for_nothing_gives_sound_at_once(any_codec, clip):
    packets = packets_of(any_codec, clip[0][16000:24000])
    _, counts = decoded(any_codec, [*packets[:10], None, None, *packets[12:20]])
    assert set(counts[5:20]) == {320}


def test_protection_brings_a_lost_packet_back(any_codec, clip):
    packets = packets_of(any_codec, clip[0][16000:32000], fec=True)
    whole = any_codec.decode(any_codec.encode(clip[0][16000:32000], 16000))[0]
    for gone in (12, 20, 31):
        damaged = [None if number == gone else packet for number, packet in enumerate(packets)]
        bare = [None if number == gone else packet for number, packet in
                enumerate(packets_of(any_codec, clip[0][16000:32000]))]
        protected, counts = decoded(any_codec, damaged)
        assert counts[gone] == 0 and counts[gone + 1] == 640  # it waits for the next packet
        error = [np.square(found - whole).mean() for found in (protected, decoded(any_codec, bare)[0])]
        assert error[0] < 0.5 * error[1]


def test_the_first_module_is_what_protection_gives_back(any_codec, clip):
    packets = packets_of(any_codec, clip[0][16000:24000], frames_per_packet=2, fec=True)
    tables = any_codec.preset.tables
    one, other = (read_packet(packet, tables) for packet in packets[4:6])
    assert other.before() == one.frames.first(1)


def test_losses_before_the_first_packet_count(any_codec, clip):
    packets = packets_of(any_codec, clip[0][16000:24000])
    found, counts = decoded(any_codec, [None, None, *packets[2:]])
    assert counts[:2] == [0, 0] and len(found) == 8000
    np.testing.assert_allclose(found[4000:], any_codec.decode(any_codec.encode(clip[0][16000:24000], 16000))[0][4000:],
                               atol=0.02)


def test_a_damaged_packet_changes_nothing(any_codec, clip):
    packets = packets_of(any_codec, clip[0][16000:20000])
    decoder = any_codec.stream_decoder()
    parts = [decoder.push(packet) for packet in packets[:6]]
    for damaged in (b"", b"\x0f" + packets[6][1:], b"\x80", b"\x40\xff\x7f"):
        with pytest.raises((PacketError, NewerVersionError)):
            decoder.push(damaged)
    parts += [decoder.push(packet) for packet in packets[6:]]
    np.testing.assert_array_equal(np.concatenate(parts), decoded(any_codec, packets)[0])


def test_fewer_modules_in_between(any_codec, clip):
    """Whoever sends may leave modules out for a while."""
    whole, small = (packets_of(any_codec, clip[0][16000:32000], modules=modules) for modules in (2, 1))
    mixed = [*whole[:20], *small[20:30], *whole[30:]]
    found, wanted = decoded(any_codec, mixed)[0], decoded(any_codec, whole)[0]
    np.testing.assert_array_equal(found[: 16 * 320], wanted[: 16 * 320])
    np.testing.assert_allclose(found[40 * 320:], wanted[40 * 320:], atol=0.02)


def test_the_header_tells_the_preset(codec, nested_codec):
    header = codec.stream_encoder().header
    codec.stream_decoder(header)
    with pytest.raises(WrongPresetError, match="The stream needs the preset 'tiny', not 'nested'"):
        nested_codec.stream_decoder(header)
    with pytest.raises(WrongPresetError, match="other weights"):
        codec.stream_decoder(StreamHeader("tiny", bytes(8)).to_bytes())
    with pytest.raises(NotAStreamError):
        codec.stream_decoder(b"RIFF")
    with pytest.raises(DamagedFileError):
        codec.stream_decoder(header[:-1] + bytes([header[-1] ^ 1]))


@pytest.mark.parametrize("options, error", [
    ({"frames_per_packet": 0}, StreamError), ({"frames_per_packet": 4}, StreamError),
    ({"frames_per_packet": 1.5}, StreamError), ({"frames_per_packet": True}, StreamError),
    ({"modules": 0}, ModulesError), ({"modules": 3}, ModulesError)])
def test_wrong_settings_are_refused(codec, options, error):
    with pytest.raises(error):
        codec.stream_encoder(**options)


@pytest.mark.parametrize("samples", [[np.nan], [np.inf], "text", np.zeros((1, 2, 3)), np.zeros(4, complex)])
def test_wrong_samples_are_refused_and_change_nothing(codec, clip, samples):
    encoder, speech = codec.stream_encoder(), clip[0][16000:20000]
    packets = encoder.push(speech[:1234])
    with pytest.raises(AudioError):
        encoder.push(samples)
    assert packets + encoder.push(speech[1234:]) + encoder.flush() == packets_of(codec, speech)
