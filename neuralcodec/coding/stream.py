"""Live speech: samples to packets as they come, and packets, or their loss, to samples.

Both ends are objects that hold a few frames, however long the stream. The packets are those of docs/format.md; they
hold the same symbols as a file.
"""

import numpy as np

from neuralcodec.architecture.framing import FRAME_SAMPLES, SAMPLE_RATE
from neuralcodec.audio.readers import as_array
from neuralcodec.audio.source import AudioSource
from neuralcodec.bitstream.frames import Frames
from neuralcodec.bitstream.header import HASH_BYTES
from neuralcodec.bitstream.packet import MAX_FRAMES, read_packet, write_packet
from neuralcodec.bitstream.packet_stream import StreamHeader
from neuralcodec.coding.concealment import Concealment
from neuralcodec.coding.modules import check_modules
from neuralcodec.coding.presets import preset_for
from neuralcodec.errors import StreamError
from neuralcodec.runtime.nested_decoder import make_decoder
from neuralcodec.runtime.nested_encoder import make_encoder


class StreamEncoder:
    """Codes speech into packets; `Codec.stream_encoder` makes one.

    However the samples are cut, the packets are the same. What `Codec.encode` makes of the same samples has the same
    symbols.

    Args:
        preset: Preset.
        frames_per_packet: 1, 2 or 3 frames of 20 ms.
        modules: how many modules code; all by default.
        fec: whether each packet also carries the side information and the first module of the one before it.

    Raises:
        StreamError: another number of frames.
        ModulesError: the preset has not so many modules.

    Example:
        >>> encoder = codec.stream_encoder()
        >>> for samples in microphone:
        ...     for packet in encoder.push(samples):
        ...         socket.send(packet)
        >>> for packet in encoder.flush():
        ...     socket.send(packet)
    """

    def __init__(self, preset, frames_per_packet=1, modules=None, fec=False):
        if frames_per_packet not in range(1, MAX_FRAMES + 1) or isinstance(frames_per_packet, bool):
            raise StreamError(f"A packet holds 1 to {MAX_FRAMES} frames of 20 ms, not {frames_per_packet!r}.")
        available = len(preset.config.modules)
        self._modules = available if modules is None else modules
        check_modules(self._modules, available, "preset")
        self._preset, self._frames_per_packet, self._fec = preset, frames_per_packet, fec
        self.reset()

    @property
    def header(self):
        """Bytes that tell a decoder what it needs: the preset's name and hash. They go ahead of the packets, or by
        another way."""
        return StreamHeader(self._preset.name, self._preset.hash[:HASH_BYTES]).to_bytes()

    @property
    def delay(self):
        """Algorithmic delay: samples at 16 kHz from a sample going in here to the same sample coming out of a decoder.

        With `fec`, whoever plays the speech waits for one packet more, or what it protects comes too late.
        """
        return self._preset.config.delay + (self._frames_per_packet - 1) * FRAME_SAMPLES

    def reset(self):
        """Forgets everything: what comes next is another recording."""
        self._runtime = make_encoder(self._preset.config, self._preset.weights)
        self._samples = np.zeros(0, np.float32)  # less than a frame
        self._frames, self._before = [], None  # less than a packet; the frames of the packet before

    def push(self, samples):
        """Codes the next samples.

        Args:
            samples: any number at 16 kHz, (n,) or (n, channels), which are mixed: floats, clipped to [-1, 1], or int16,
                int32 or uint8.

        Returns:
            list of bytes: the packets that they complete.

        Raises:
            AudioError: samples of a wrong kind, NaN or infinite; nothing of them is coded.
        """
        with AudioSource(as_array(samples), SAMPLE_RATE) as source:
            samples = np.concatenate([self._samples, *source.blocks()])
        whole = len(samples) // FRAME_SAMPLES * FRAME_SAMPLES
        self._samples, packets = samples[whole:], []
        for start in range(0, whole, FRAME_SAMPLES):  # one at a time: so every way of cutting takes the same course
            self._frames.append(self._runtime.push(samples[start: start + FRAME_SAMPLES]).first(self._modules))
            if len(self._frames) == self._frames_per_packet:
                packets.append(self._packet(Frames.concatenate(self._frames)))
                self._frames = []
        return packets

    def flush(self):
        """Ends the recording. What is pushed afterwards is another one.

        Returns:
            list of bytes: the last packets; none if there was no sample. They tell how long the recording is.
        """
        left = len(self._frames) * FRAME_SAMPLES + len(self._samples)
        started = self._runtime.push(self._samples)
        last = Frames.concatenate([*self._frames, started.first(self._modules),
                                   self._runtime.finish().first(self._modules)])
        packets = []
        for frames in last.blocks(self._frames_per_packet):
            packets.append(self._packet(frames, left))
            left -= len(frames) * FRAME_SAMPLES
        self.reset()
        return packets

    def _packet(self, frames, left=None):
        before, self._before = self._before if self._fec else None, frames
        return write_packet(frames, self._preset.tables, before=before, left=left)


class StreamDecoder:
    """Decodes packets; `Codec.stream_decoder` makes one.

    Packets go in as they are due, each once, in order; None for each one that has not come. What comes out is the same
    for a stream without loss as `Codec.decode` makes of a file.

    Args:
        preset: Preset.
        header: bytes, that of `StreamEncoder`, if it came along; a decoder without one trusts that the preset is right.

    Raises:
        WrongPresetError: the stream needs another preset, or a revision of it that is not here.
        NotAStreamError, NewerVersionError, DamagedFileError: the header is none that can be read.

    Example:
        >>> decoder = codec.stream_decoder()
        >>> for packet in jitter_buffer:  # None where one is missing
        ...     play(decoder.push(packet))
    """

    def __init__(self, preset, header=None):
        self._preset, self._step_index = preset, 0
        if header is not None:
            header = StreamHeader.from_bytes(header)
            self._preset = preset_for(preset, header, "stream")
            self._step_index = header.step_index
        self.reset()

    def reset(self):
        """Forgets everything: what comes next is another stream."""
        self._decoder = None  # is made for as many modules as the first packet has
        self._lost = 0  # packets that are missing and wait
        self._frames_per_packet, self._protects = None, False
        self._frames = 0  # that have been decoded or concealed
        self._position, self._end = 0, None  # samples that have come out, and that there are

    def push(self, packet):
        """Decodes the next packet, or fills the gap of one that is missing.

        Args:
            packet: bytes; None for one that was lost.

        Returns:
            float32 (n,) at 16 kHz in [-1, 1]. For a lost packet nothing may come out, and more with the next one: where
            packets protect the ones before (`fec=True`), as that one may bring it back, and before the first one.

        Raises:
            PacketError: the bytes are no packet, or a damaged one; then nothing has changed: push None instead.
            NewerVersionError: it is of a later version of the format.
        """
        if packet is None:
            return self._lose()
        packet = read_packet(packet, self._preset.tables, self._step_index)
        before = packet.before() if self._lost and packet.protected else None
        if self._decoder is None:
            self._decoder = Concealment(make_decoder(self._preset.config, self._preset.weights, self._step_index,
                                                     len(packet.frames.modules)))
            self._frames_per_packet = packet.protected or len(packet.frames)
        parts = self._recover(before)
        if packet.left is not None:
            self._end = self._frames * FRAME_SAMPLES + packet.left
        self._protects = packet.protected > 0
        return self._out([*parts, self._decode(packet.frames)])

    def flush(self):
        """Ends the stream: fills the gap of a last packet that is lost. The others are out already.

        Returns:
            float32 (n,).
        """
        return self._out(self._recover(None) if self._decoder else [])

    def _lose(self):
        """Fills the gap of a packet, or of the one before where this one may still be brought back."""
        self._lost += 1
        if self._decoder is None:
            return self._out([])
        waiting = int(self._protects)
        concealed = [self._conceal() for _ in range(self._lost - waiting)]
        self._lost = waiting
        return self._out(concealed)

    def _recover(self, before):
        """What is to be heard of the packets that wait: list of arrays. The last of them may be there: Frames."""
        count, self._lost = self._lost, 0
        if before is None:
            return [self._conceal() for _ in range(count)]
        return [*(self._conceal() for _ in range(count - 1)), self._decode(before)]

    def _conceal(self):
        self._frames += self._frames_per_packet
        return self._decoder.conceal(self._frames_per_packet)

    def _decode(self, frames):
        self._frames += len(frames)
        return self._decoder.push(frames)

    def _out(self, parts):
        """The parts in a row, none beyond the end of the recording."""
        samples = np.clip(np.concatenate([np.zeros(0, np.float32), *parts]), -1.0, 1.0)
        if self._end is not None:
            samples = samples[: max(0, self._end - self._position)]
        self._position += len(samples)
        return samples
