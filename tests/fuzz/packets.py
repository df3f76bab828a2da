"""Streams under attack: packets that are changed, cut, swapped, repeated, lost and made up, and streams in a pipe.

How many samples must have come out after each packet is counted here anew, from the packets' first bytes
(docs/format.md, section 11).
"""

import io
from dataclasses import replace

import numpy as np
from fuzz.target import Target, checked_error

from neuralcodec import Codec
from neuralcodec.bitstream.packet_stream import read_with_lengths, with_length
from neuralcodec.errors import NeuralCodecError, NewerVersionError, PacketError

FRAME = 320
MAX_PUSHES = 100
FORMS = ((1, False), (3, False), (1, True), (2, True))  # frames per packet, and whether packets protect one another


class Account:
    """How many samples a decoder owes.

    Args:
        config: CascadeConfig or NestedConfig of the preset.
    """

    def __init__(self, config):
        self._config, self._wait, self._per_packet = config, None, None
        self._frames, self._lost, self._protects, self._end, self._position = 0, 0, False, None, 0

    def packet(self, data):
        """A packet has been taken: how many samples come out."""
        count, modules, protected = 1 + (data[0] & 3), 1 + (data[0] >> 2 & 3), data[0] >> 4 & 3
        if self._wait is None:
            self._wait = replace(self._config, modules=self._config.modules[:modules]).delay - FRAME
            self._per_packet = protected or count
        before = self._frames
        if self._lost:
            self._frames += self._per_packet * (self._lost - 1) + (protected or self._per_packet)
        if data[0] & 0x40:
            self._end = FRAME * self._frames + int.from_bytes(data[1:3], "little", signed=True)
        self._frames, self._lost, self._protects = self._frames + count, 0, protected > 0
        return self._out(before)

    def loss(self):
        """A packet is lost: how many samples come out."""
        self._lost += 1
        return 0 if self._wait is None else self._fill(self._lost - self._protects, int(self._protects))

    def end(self):
        """There is no other packet: how many samples come out."""
        return 0 if self._wait is None else self._fill(self._lost, 0)

    def _fill(self, count, waiting):
        before, self._lost = self._frames, waiting
        self._frames += self._per_packet * count
        return self._out(before)

    def _out(self, before):
        made, had = (max(0, FRAME * frames - self._wait) for frames in (self._frames, before))
        count = made - had
        if self._end is not None:
            count = min(count, max(0, self._end - self._position))
        self._position += count
        return count


def made_up(number):
    """Bytes that nobody coded: of a number from 0 to 255."""
    rng = np.random.default_rng(number)
    return rng.integers(0, 256, int(rng.integers(0, 200)), dtype=np.uint8).tobytes()


def check_packets(codec, header, packets):
    """Decodes a stream: packets, and None for each that is lost. Returns what came of it as a word."""
    outcome, account = "decoded", Account(codec.preset.config)
    try:
        decoder = codec.stream_decoder(header)
    except NeuralCodecError as error:
        return checked_error(error)
    for packet in packets:
        try:
            samples = decoder.push(packet)
            owed = account.loss() if packet is None else account.packet(packet)
        except (PacketError, NewerVersionError) as error:
            outcome, samples, owed = checked_error(error), decoder.push(None), account.loss()
        check_samples(samples, owed)
    check_samples(decoder.flush(), account.end())
    return outcome


def check_samples(samples, owed):
    assert samples.shape == (owed,), f"{samples.shape} samples in the place of {owed}"
    assert samples.dtype == np.float32 and np.all(np.abs(samples) <= 1), "samples that are none"


def check_order(codec, parts):
    """Decodes packets in an order that is data, too: (header, order, packet 0, packet 1, ...).

    A byte of the order is the number of a packet. Where there is none of this number, an even one stands for a loss, an
    odd one for bytes that are made up.
    """
    header, order, *packets = parts
    return check_packets(codec, header, [
        packets[number] if number < len(packets) else made_up(number) if number % 2 else None
        for number in order[:MAX_PUSHES]])


def check_pipe(codec, data):
    """Decodes what comes through a pipe, as `neuralcodec stream-decode`."""
    try:
        header, *packets = [*read_with_lengths(io.BytesIO(data))][:MAX_PUSHES] or [None]
    except NeuralCodecError as error:
        return checked_error(error)
    return check_packets(codec, header or b"", packets)


def packet_targets(folder):
    """Targets for the streams of one preset."""
    codec, streams = Codec.from_pretrained(folder), []
    speechlike = 0.1 * np.random.default_rng(3).standard_normal(3500) * np.sin(np.arange(3500) / 900)
    for frames, fec in FORMS:
        encoder = codec.stream_encoder(frames_per_packet=frames, fec=fec)
        streams.append([encoder.header, *encoder.push(speechlike), *encoder.flush()])
    return [
        Target(f"{folder.name}: packets",
               [(header, bytes(range(len(packets))), *packets) for header, *packets in streams],
               lambda parts: check_order(codec, parts), 8),
        Target(f"{folder.name}: streams in a pipe", [(b"".join(map(with_length, stream)),) for stream in streams],
               lambda parts: check_pipe(codec, parts[0]), 2),
    ]
